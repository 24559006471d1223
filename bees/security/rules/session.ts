import type { Json } from '../../../src/bee/index.ts'
import type { EventField, SecurityEvent } from '../events/event.ts'
import type { Entity, Finding } from '../findings.ts'
import type { CompiledClause, CompiledRule } from './compile.ts'
import { Context, hitAgain, hitOnset } from './context.ts'
import { keyOf, tenantKey } from './group.ts'
import { digest } from './hash.ts'
import type { Hit } from './judge.ts'
import { numberAt } from './read-json.ts'
import { type Kernel, Row } from './row.ts'
import { findingOf, rankOf, suppress } from './suppress.ts'
import type { TenantRules } from './tenant-rules.ts'

/** Where state rows come from. Asked once for each key. */
export interface States {
  get(key: string): Json | undefined
}

/** The noise of one rule. */
export interface RuleCounters {
  /** Events that concerned it. */
  evaluations: number
  /** Of them, those that completed a clause. */
  hits: number
  /** Hits that told nothing new. */
  suppressed: number
  findings: number
}

export interface SessionOptions {
  readonly tenant: string
  readonly states: States
  readonly nowMs: number
  /** Switched on at: clock, not event time. Left out: where the watch of the events begins. */
  readonly sinceMs?: number | undefined
}

/** An event that claims to come from further ahead counts as one of the future. */
export const futureMs = 5 * 60_000

/**
 * How long a tenant's events have been watched: from `first` to `mark`, both event time. A hole in them counts as a day at most,
 * by moving `first`: neither one event of long ago nor a month without any is time in which something could be learned.
 * History that was read in counts where it is dense. Follows from the events in their order alone.
 */
interface Watch {
  first: number
  mark: number
}
const mostHoleMs = 86_400_000
const watchSlot = 'watch'
const watchKernel: Kernel<Watch> = {
  load: (json) => ({ first: numberAt(json, 0), mark: numberAt(json, 1) }),
  save: ({ first, mark }) => [first, mark],
  // For as long as anything else may be remembered.
  expires: ({ mark }) => (mark === 0 ? 0 : mark + 3650 * 86_400_000),
}

/**
 * A batch of one tenant's events under judgement. Pure: what it does follows from the rules, the state rows and the events
 * alone, and any cut of the same events into batches leaves the same rows and findings.
 */
export class Session {
  readonly counters = new Map<string, RuleCounters>()
  /** Events that were too late to count, in the future, or came from who is blocked. */
  readonly aside = { late: 0, future: 0, blocked: 0 }
  readonly #rules: TenantRules
  readonly #options: SessionOptions
  readonly #rows = new Map<string, Row>()
  readonly #context: Context
  readonly #watch: Watch
  readonly #open = (key: string): Row => {
    const known = this.#rows.get(key)
    if (known !== undefined) return known
    const row = new Row(this.#options.states.get(key))
    this.#rows.set(key, row)
    return row
  }

  constructor(rules: TenantRules, options: SessionOptions) {
    this.#rules = rules
    this.#options = options
    const sizes = { tests: rules.tests, rules: rules.rules.length }
    this.#context = new Context(options.tenant, sizes, rules.groups.all, this.#open)
    const { first, mark } = this.#open(tenantKey).read(watchSlot, watchKernel, 0)
    this.#watch = { first, mark }
  }

  /** Judges one event; events come in the order of time as far as it is known. */
  take(event: SecurityEvent): readonly Finding[] {
    if (event.blocked === true) {
      this.aside.blocked += 1
      return []
    }
    const isFuture = event.time > this.#options.nowMs + futureMs
    const isLate = !isFuture && event.time < this.#watch.mark - this.#rules.latenessMs
    if (isFuture) this.aside.future += 1
    else if (isLate) this.aside.late += 1
    else this.#advance(event.time)
    const context = this.#context
    context.begin(event)
    context.markMs = this.#watch.mark
    context.firstMs = this.#watch.first
    const findings: Finding[] = []
    for (const { rule, clauses } of this.#rules.concerned(context)) {
      const best = this.#judge(rule, clauses, isFuture || isLate, isLate)
      if (best === undefined) continue
      const finding = this.#tell(rule, best.clause, best.hit, event, event.time)
      if (finding !== undefined) findings.push(finding)
    }
    return findings
  }

  /** Lets the clock judge: who has fallen silent, which interval is over. For when every event until now has been taken. */
  tick(): readonly Finding[] {
    const findings: Finding[] = []
    const { mark } = this.#watch
    const nowMs = Math.max(this.#options.nowMs, mark)
    for (const rule of this.#rules.rules) {
      for (const clause of rule.clauses) {
        for (const hit of clause.judge.tick?.(this.#open, mark, nowMs) ?? []) {
          this.#count(rule).hits += 1
          const values = Object.fromEntries(clause.by.map((field, at) => [field, hit.values[at]]))
          const finding = this.#tell(rule, clause, hit, undefined, hit.timeMs, values as Partial<SecurityEvent>)
          if (finding !== undefined) findings.push(finding)
        }
      }
    }
    return findings
  }

  /** Rows that have changed since the last call; null: to be removed. */
  changes(): ReadonlyMap<string, Json | null> {
    const changed = new Map<string, Json | null>()
    for (const [key, row] of this.#rows) {
      if (!row.isDirty) continue
      changed.set(key, row.save())
      row.isDirty = false
    }
    return changed
  }

  #advance(timeMs: number): void {
    const { first, mark } = this.#watch
    if (first !== 0 && timeMs <= mark && timeMs >= first) return
    this.#watch.first = first === 0 ? timeMs : Math.min(first + Math.max(0, timeMs - mark - mostHoleMs), timeMs)
    this.#watch.mark = Math.max(mark, timeMs)
    this.#open(tenantKey).write(watchSlot, watchKernel, { ...this.#watch }, this.#watch.mark)
  }

  #judge(rule: CompiledRule, clauses: readonly CompiledClause[], isAside: boolean, isLate: boolean) {
    let best: { clause: CompiledClause; hit: Hit; rank: number } | undefined
    for (const clause of clauses) {
      const { judge } = clause
      if (isAside && !judge.isTimeless) {
        if (isLate) judge.learn?.(this.#context)
        continue
      }
      const hit = judge.judge(this.#context)
      const rank = rankOf(clause.verdict.severity)
      if (hit !== undefined && (best === undefined || rank > best.rank)) best = { clause, hit, rank }
    }
    const counters = this.#count(rule)
    counters.evaluations += 1
    if (best !== undefined) counters.hits += 1
    return best
  }

  #tell(
    compiled: CompiledRule,
    clause: CompiledClause,
    hit: Hit,
    event: SecurityEvent | undefined,
    timeMs: number,
    values: Partial<SecurityEvent> = event ?? {},
  ): Finding | undefined {
    const { rule } = compiled
    const { mark } = this.#watch
    const source = values as SecurityEvent
    const dedup = compiled.dedup.map((field) => plain(source, field))
    const always = clause.judge.always[0]
    const key = always ?? keyOf(compiled.dedupGroup, source) ?? tenantKey
    const slot = always === undefined ? `!${rule.id}` : `!${rule.id}|${digest(JSON.stringify(dedup), 16)}`
    // Very old or future events share an attack with what is going on now: each a finding of its own would be a flood.
    const effectiveMs =
      event === undefined ? timeMs : Math.min(Math.max(timeMs, mark - this.#rules.latenessMs), Math.max(mark, 1))
    const rank = rankOf(clause.verdict.severity)
    const outcome = suppress(
      this.#open(key),
      slot,
      compiled.suppressMs,
      rank,
      effectiveMs,
      mark,
      this.#rules.latenessMs,
    )
    const isOnset = outcome.kind === 'new'
    if (event !== undefined) this.#context.hits[compiled.index] = isOnset ? hitOnset : hitAgain
    const counters = this.#count(compiled)
    if (outcome.kind === 'suppressed') counters.suppressed += 1
    if (outcome.kind === 'suppressed' || rule.signal) return undefined
    counters.findings += 1
    const { tenant } = this.#options
    return findingOf({
      tenant,
      compiled,
      verdict: clause.verdict,
      hit,
      timeMs,
      anchorMs: outcome.anchorMs,
      hits: outcome.hits,
      isQuiet: compiled.isQuiet || this.#isEarly(effectiveMs, compiled.quietMs),
      dedup,
      entity: entityOf(rule.entity, source) ?? { kind: 'tenant', id: tenant },
      related: rule.related.flatMap((thing) => entityOf(thing, source) ?? []),
      event,
    })
  }

  /** By the clock: history is no notice to people. And how far events have come is asked, not their own time, which may be forged. */
  #isEarly(effectiveMs: number, quietMs: number): boolean {
    return quietMs > 0 && effectiveMs < (this.#options.sinceMs ?? this.#watch.first) + quietMs
  }

  #count(rule: CompiledRule): RuleCounters {
    const known = this.counters.get(rule.rule.id)
    if (known !== undefined) return known
    const made: RuleCounters = { evaluations: 0, hits: 0, suppressed: 0, findings: 0 }
    this.counters.set(rule.rule.id, made)
    return made
  }
}

function plain(event: SecurityEvent, field: EventField): string | number | boolean | null {
  return event[field] ?? null
}

function entityOf(
  { kind, field }: { readonly kind: Entity['kind']; readonly field?: string | undefined },
  event: SecurityEvent,
): Entity | undefined {
  const value = field === undefined ? undefined : event[field as EventField]
  return value === undefined ? undefined : { kind, id: String(value) }
}

/** Every row that judging these events may ask for, from the events alone. */
export function stateKeysOf(events: readonly SecurityEvent[], rules: TenantRules): readonly string[] {
  const keys = new Set<string>([tenantKey])
  for (const rule of rules.rules) for (const { judge } of rule.clauses) for (const key of judge.always) keys.add(key)
  const sizes = { tests: rules.tests, rules: rules.rules.length }
  const context = new Context('', sizes, rules.groups.all, () => new Row(undefined))
  for (const event of events) {
    if (event.blocked === true) continue
    context.begin(event)
    for (const { rule, clauses } of rules.concerned(context)) {
      for (const { judge } of clauses) {
        for (const group of judge.groups) keys.add(context.key(group) ?? tenantKey)
        for (const key of judge.keys(context)) keys.add(key)
      }
      keys.add(context.key(rule.dedupGroup) ?? tenantKey)
    }
  }
  return [...keys]
}
