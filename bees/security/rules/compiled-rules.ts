import type { Json } from '../../../src/bee/index.ts'
import type { SecurityEvent } from '../events/event.ts'
import type { Finding } from '../findings.ts'
import type { Rule, SettingValue } from './rule.ts'
import { type RuleCounters, Session, type SessionOptions, type States, stateKeysOf } from './session.ts'
import type { Overrides, RuleOverride } from './settings.ts'
import { compileFor, type TenantRules } from './tenant-rules.ts'

/** Settings as they are stored for a tenant: rule -> mode and values. Both shapes are taken. */
export type TenantSettings =
  | Overrides
  | ReadonlyMap<string, { readonly mode?: string | null | undefined; readonly settings?: unknown }>

/** Rows that a run may read and write. */
export interface WritableStates extends States {
  set(key: string, state: Json | null): void
}

export interface RunInput extends SessionOptions {
  readonly events: readonly SecurityEvent[]
  readonly settings?: TenantSettings | undefined
  /** Let the clock judge too: when nothing is left to be taken in. */
  readonly tick?: boolean | undefined
}

export interface RunResult {
  readonly findings: readonly Finding[]
  /** Rows to write; null: to remove. */
  readonly changed: ReadonlyMap<string, Json | null>
  readonly counters: ReadonlyMap<string, RuleCounters>
  readonly late: number
  readonly future: number
  readonly blocked: number
}

const mostCached = 64
const none: Overrides = Object.freeze({})

/** Checked rules; compiled anew for each tenant's settings, and kept. */
export class CompiledRules {
  /** A rule after all whose hits it looks at. */
  readonly rules: readonly Rule[]
  readonly latenessMs: number
  readonly #bySettings = new WeakMap<object, TenantRules>()
  readonly #byContent = new Map<string, TenantRules>()

  constructor(ordered: readonly Rule[], latenessMs: number) {
    this.rules = ordered
    this.latenessMs = latenessMs
  }

  /** The rules with a tenant's settings. What is wrong in these is left out and told in `problems`. */
  forTenant(settings: TenantSettings = none): TenantRules {
    const known = this.#bySettings.get(settings)
    if (known !== undefined) return known
    const overrides = overridesOf(settings)
    const content = JSON.stringify(Object.entries(overrides).sort(([a], [b]) => (a < b ? -1 : 1)))
    let compiled = this.#byContent.get(content)
    if (compiled === undefined) {
      compiled = compileFor(this.rules, overrides, this.latenessMs)
      const [oldest] = this.#byContent.keys()
      if (this.#byContent.size >= mostCached && oldest !== undefined) this.#byContent.delete(oldest)
      this.#byContent.set(content, compiled)
    }
    this.#bySettings.set(settings, compiled)
    return compiled
  }

  /** Rows that judging these events may ask for; they follow from the events alone. */
  stateKeysOf(events: readonly SecurityEvent[], settings?: TenantSettings): readonly string[] {
    return stateKeysOf(events, this.forTenant(settings))
  }

  /** The same for one event. */
  keysOf(event: SecurityEvent, settings?: TenantSettings): readonly string[] {
    return this.stateKeysOf([event], settings)
  }

  /** A batch under judgement: `take` each event, `tick`, then write `changes()`. */
  open(options: SessionOptions, settings?: TenantSettings): Session {
    return new Session(this.forTenant(settings), options)
  }

  /** A batch in one call. */
  runBatch({ events, settings, tick, ...options }: RunInput): RunResult {
    const session = this.open(options, settings)
    const findings = events.flatMap((event) => session.take(event))
    if (tick === true) findings.push(...session.tick())
    return { findings, changed: session.changes(), counters: session.counters, ...session.aside }
  }

  /** One event in one call: every row that it touches is read and written. A batch is many times faster. */
  run(
    event: SecurityEvent,
    states: WritableStates,
    settings: TenantSettings | undefined,
    nowMs: number,
  ): readonly Finding[] {
    const session = this.open({ tenant: event.tenant, states, nowMs }, settings)
    const findings = session.take(event)
    for (const [key, row] of session.changes()) states.set(key, row)
    return findings
  }
}

function overridesOf(settings: TenantSettings): Overrides {
  if (!(settings instanceof Map)) return settings as Overrides
  const entries = [...settings].map(([rule, { mode, settings: values }]): [string, RuleOverride] => [
    rule,
    { mode: modeOf(mode), values: isRecord(values) ? values : undefined },
  ])
  return Object.fromEntries(entries)
}

function modeOf(mode: string | null | undefined): RuleOverride['mode'] {
  return mode === 'on' || mode === 'quiet' || mode === 'off' ? mode : undefined
}

function isRecord(values: unknown): values is Readonly<Record<string, SettingValue>> {
  return typeof values === 'object' && values !== null && !Array.isArray(values)
}
