import type { SecurityEvent } from '../events/event.ts'
import type { Entity, Finding, Severity } from '../findings.ts'
import { severities } from '../findings.ts'
import type { CompiledRule } from './compile.ts'
import { explanationOf, namedFacts } from './explanation.ts'
import { digest } from './hash.ts'
import type { Facts, Hit, Verdict } from './judge.ts'
import { numberAt } from './read-json.ts'
import type { Kernel, Row } from './row.ts'

/** One attack, as the suppression of a rule sees it. */
interface Attack {
  /** Its first hit: fixed, so that the key does not wander while the window slides. 0: none. */
  anchor: number
  /** Its latest hit. */
  last: number
  hits: number
  /** When it was last told, and how bad it was then. */
  told: number
  rank: number
}

export const rankOf = (severity: Severity): number => severities.indexOf(severity)
const evidenceMost = 20

/** What becomes of a hit. */
export type Outcome =
  | { readonly kind: 'new' | 'again'; readonly anchorMs: number; readonly hits: number }
  | { readonly kind: 'suppressed' }

/**
 * A hit begins an attack when the rule was quiet about the same dedup values for `suppress`; otherwise it prolongs the one that
 * goes on. That is told again (same key) when it becomes worse, and once every `suppress`.
 */
export function suppress(
  row: Row,
  slot: string,
  suppressMs: number,
  rank: number,
  timeMs: number,
  markMs: number,
  latenessMs: number,
): Outcome {
  const kernel = kernelOf(suppressMs + latenessMs)
  const attack = row.read(slot, kernel, markMs)
  if (attack.anchor === 0 || timeMs - attack.last >= suppressMs) {
    row.write(slot, kernel, { anchor: timeMs, last: timeMs, hits: 1, told: timeMs, rank }, markMs)
    return { kind: 'new', anchorMs: timeMs, hits: 1 }
  }
  const isTold = rank > attack.rank || timeMs - attack.told >= suppressMs
  const next: Attack = {
    anchor: attack.anchor,
    last: Math.max(attack.last, timeMs),
    hits: attack.hits + 1,
    told: isTold ? Math.max(attack.told, timeMs) : attack.told,
    rank: Math.max(attack.rank, rank),
  }
  row.write(slot, kernel, next, markMs)
  return isTold ? { kind: 'again', anchorMs: next.anchor, hits: next.hits } : { kind: 'suppressed' }
}

function kernelOf(keptMs: number): Kernel<Attack> {
  return {
    load: (json) => ({
      anchor: numberAt(json, 0),
      last: numberAt(json, 1),
      hits: numberAt(json, 2),
      told: numberAt(json, 3),
      rank: numberAt(json, 4),
    }),
    save: ({ anchor, last, hits, told, rank }) => [anchor, last, hits, told, rank],
    expires: ({ anchor, last }) => (anchor === 0 ? 0 : last + keptMs),
  }
}

export interface Told {
  readonly tenant: string
  readonly compiled: CompiledRule
  readonly verdict: Verdict
  readonly hit: Hit
  readonly timeMs: number
  readonly anchorMs: number
  readonly hits: number
  readonly isQuiet: boolean
  /** Values of the dedup fields. */
  readonly dedup: readonly (string | number | boolean | null)[]
  readonly entity: Entity
  readonly related: readonly Entity[]
  readonly event: SecurityEvent | undefined
}

export function findingOf(told: Told): Finding {
  const { tenant, compiled, verdict, hit, timeMs, event } = told
  const { rule } = compiled
  const facts: Facts = { ...hit.facts, ...namedFacts(verdict.explain ?? '', event, hit.facts) }
  const named: Facts = verdict.name === undefined ? facts : { ...facts, clause: verdict.name }
  const evidence = event === undefined ? hit.evidence : [...hit.evidence, event.id]
  return {
    key: digest(JSON.stringify([tenant, rule.id, told.dedup, told.anchorMs]), 32),
    tenant,
    rule: rule.id,
    ruleVersion: rule.version,
    detection: rule.number,
    title: rule.title,
    severity: verdict.severity,
    confidence: verdict.confidence,
    entity: told.entity,
    related: told.related,
    timeMs,
    firstMs: Math.min(hit.firstMs, timeMs),
    events: Math.max(hit.events, told.hits),
    evidence: evidence.slice(-evidenceMost),
    facts: named,
    explanation: explanationOf(rule.title, verdict.explain, facts),
    attack: rule.attack,
    response: verdict.response,
    risk: verdict.risk,
    quiet: told.isQuiet,
  }
}
