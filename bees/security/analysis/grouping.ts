import type { Entity, Finding, Severity } from '../findings.ts'
import { keyPart } from './key-part.ts'

/** Things that tie findings of different rules to one attack: who did it, and to whom. */
const tying = new Set<Entity['kind']>(['user', 'account', 'session', 'ip', 'net', 'api_key', 'device', 'stream'])
/** Findings about all of a tenant. */
const wide = new Set<Entity['kind']>(['tenant', 'source', 'endpoint'])
/** Of a finding's related entities, those of the first ones that tie. */
const mostRelated = 8

/** Where the incident of a finding may be found, the best place first, and where it is to be found afterwards. */
export interface Anchors {
  readonly search: readonly string[]
  readonly leave: readonly string[]
  /** Left only by a finding about all of a tenant: what is absorbed does not keep the absorbing alive. */
  readonly byRule: boolean
}

/**
 * One incident for one attack: a finding goes to the incident of its own entity, else to that of what is related to it, else
 * to a tenant-wide one of the same ATT&CK technique (a distributed attack makes many findings about single accounts). What is
 * low and belongs to none of these is grouped by its rule. A finding on trial stays among its like, so that it can neither
 * raise nor hide anything.
 */
export function anchorsOf(finding: Finding, severity: Severity): Anchors {
  const space = finding.quiet ? 'atq' : 'at'
  const isWide = wide.has(finding.entity.kind)
  const ties = [finding.entity, ...finding.related.slice(0, 2 * mostRelated)].filter(({ kind }) => tying.has(kind))
  const entities = ties.slice(0, mostRelated + 1).map((entity) => `${space}|${nameOf(entity)}`)
  const techniques = [...new Set(finding.attack.map((id) => id.split('.')[0] ?? id))].slice(0, 3)
  const families = techniques.map((id) => `${space}|wide|${id}`)
  const own = `${space}|rule|${finding.rule}|${nameOf(finding.entity)}`
  const ofRule = `${space}|low|${finding.rule}`
  const isLow = severity === 'info' || severity === 'low'
  if (isLow) return { search: [...entities, ...families, ofRule], leave: [ofRule], byRule: true }
  if (isWide) return { search: [own, ...families], leave: [own, ...families], byRule: false }
  return { search: [...entities, ...families], leave: entities, byRule: false }
}

const nameOf = ({ kind, id }: Entity): string => `${kind === 'user' ? 'account' : kind}|${keyPart(id)}`

/** Every state row that folding these findings may need, but for the incidents that the anchors name. */
export function foldKeysOf(findings: readonly Finding[], riskKeyOf: (entity: Entity) => string): readonly string[] {
  const keys = new Set<string>()
  for (const finding of findings) {
    keys.add(riskKeyOf(finding.entity))
    for (const severity of ['low', 'high'] as const) {
      const { search, leave } = anchorsOf(finding, severity)
      for (const key of [...search, ...leave]) keys.add(key)
    }
  }
  return [...keys]
}
