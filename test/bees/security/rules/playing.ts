import { derive, type EventDraft } from '../../../../bees/security/events/derive.ts'
import { type SecurityEvent, securityEvent } from '../../../../bees/security/events/event.ts'
import type { Finding } from '../../../../bees/security/findings.ts'
import { type CompiledRules, loadRules, type TenantSettings } from '../../../../bees/security/rules/index.ts'
import type { Json } from '../../../../src/bee/index.ts'

export const startMs = Date.UTC(2026, 0, 5, 9)
export const second = 1000
export const minute = 60_000
export const hour = 60 * minute
export const day = 24 * hour

/** A rule with what every rule has; JSON is YAML. */
export function ruleText(parts: Record<string, unknown>): string {
  const fixture = { name: 'none', events: [{ at: '0s', action: 'login' }] }
  return JSON.stringify({
    id: 'probe',
    number: 0,
    version: 1,
    title: 'Probe',
    description: 'A rule of a test.',
    maturity: 'stable',
    severity: 'medium',
    confidence: 'high',
    attack: [],
    entity: { kind: 'ip', field: 'src_ip' },
    suppress: '1ms',
    falsepositives: ['none'],
    response: null,
    risk: 1,
    detection: { failed: { action: 'login', status_id: 2 }, condition: 'failed' },
    fixtures: { positive: [fixture, fixture], negative: [fixture, fixture] },
    ...parts,
  })
}

export function rulesOf(...rules: readonly Record<string, unknown>[]): CompiledRules {
  return loadRules(rules.map((parts, at) => ({ name: `rule-${at}.yml`, text: ruleText(parts) })))
}

let made = 0

/** A failed sign-in `atMs` after the start, unless told otherwise. */
export function event(atMs: number, parts: Partial<SecurityEvent> = {}): SecurityEvent {
  made += 1
  const draft = { id: `event-${made}`, source: 'test', action: 'login', status_id: 2, src_ip: '203.0.113.7', ...parts }
  return securityEvent.parse(derive({ ...draft, time: startMs + atMs } as EventDraft, 'acme'))
}

export interface Played {
  readonly findings: readonly Finding[]
  readonly rows: ReadonlyMap<string, string>
  readonly counters: Map<string, { evaluations: number; hits: number; suppressed: number; findings: number }>
  readonly aside: { late: number; future: number; blocked: number }
}

export interface PlayOptions {
  readonly settings?: TenantSettings
  readonly nowMs?: number
  readonly sinceMs?: number
  /** Sizes of the batches, in turn. */
  readonly cuts?: readonly number[]
  readonly tick?: boolean
  readonly rows?: ReadonlyMap<string, string>
}

/** Events through the rules in batches; between two of them the rows are text, as in a database. */
export function play(rules: CompiledRules, events: readonly SecurityEvent[], options: PlayOptions = {}): Played {
  const rows = new Map(options.rows)
  const findings: Finding[] = []
  const counters: Played['counters'] = new Map()
  const aside = { late: 0, future: 0, blocked: 0 }
  const latest = Math.max(startMs, ...events.map(({ time }) => time))
  const cuts = options.cuts ?? [events.length]
  let from = 0
  let turn = 0
  do {
    const to = Math.min(events.length, from + Math.max(1, cuts[turn % cuts.length] ?? 1))
    turn += 1
    const batch = events.slice(from, to)
    // Only what was said to be needed may be read.
    const keys = new Set(rules.stateKeysOf(batch, options.settings))
    const get = (key: string): Json | undefined => {
      if (!keys.has(key)) throw new Error(`The row ${key} was not asked for`)
      const text = rows.get(key)
      return text === undefined ? undefined : JSON.parse(text)
    }
    const result = rules.runBatch({
      tenant: 'acme',
      events: batch,
      states: { get },
      nowMs: options.nowMs ?? latest,
      sinceMs: options.sinceMs,
      settings: options.settings,
      tick: options.tick === true && to === events.length,
    })
    for (const [key, row] of result.changed) row === null ? rows.delete(key) : rows.set(key, JSON.stringify(row))
    findings.push(...result.findings)
    for (const [rule, one] of result.counters) {
      const sum = counters.get(rule) ?? { evaluations: 0, hits: 0, suppressed: 0, findings: 0 }
      for (const name of ['evaluations', 'hits', 'suppressed', 'findings'] as const) sum[name] += one[name]
      counters.set(rule, sum)
    }
    for (const name of ['late', 'future', 'blocked'] as const) aside[name] += result[name]
    from = to
  } while (from < events.length)
  return { findings, rows, counters, aside }
}

/** Number of hits: findings of rules that suppress for a millisecond. */
export function hitsOf(rules: CompiledRules, events: readonly SecurityEvent[], options?: PlayOptions): number {
  return [...play(rules, events, options).counters.values()].reduce((sum, { hits }) => sum + hits, 0)
}

/** The same event every so often. */
export function series(
  count: number,
  everyMs: number,
  parts: (index: number) => Partial<SecurityEvent> = () => ({}),
  fromMs = 0,
): SecurityEvent[] {
  return Array.from({ length: count }, (_, index) => event(fromMs + index * everyMs, parts(index)))
}
