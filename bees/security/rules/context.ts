import type { EventField, SecurityEvent } from '../events/event.ts'
import { type Group, keyOf } from './group.ts'
import { hash40 } from './hash.ts'
import type { Row } from './row.ts'

/** Whether the event under judgement passes. */
export type Test = (context: Context) => boolean

/** Did a rule hit the event: not; while its attack was known already; as the first hit of an attack. */
export const hitNone = 0
export const hitAgain = 1
export const hitOnset = 2

const unset = 0
const yes = 1

/**
 * The event under judgement and what has been found out about it: each selection is tested, each value hashed and each row
 * looked up at most once, however many clauses ask.
 */
export class Context {
  readonly tenant: string
  readonly hits: Uint8Array
  /** The latest time of all events until now, this one included: how far event time has come. */
  markMs = 0
  /** From when on the tenant's events have been watched, holes left out: what is learned counts from here. */
  firstMs = 0
  readonly #tests: Uint8Array
  readonly #keys: (string | null | undefined)[]
  readonly #rows: (Row | null | undefined)[]
  readonly #open: (key: string) => Row
  readonly #hashes = new Map<EventField, number>()
  #event: SecurityEvent | undefined

  constructor(
    tenant: string,
    sizes: { readonly tests: number; readonly rules: number },
    groups: readonly Group[],
    open: (key: string) => Row,
  ) {
    this.tenant = tenant
    this.#tests = new Uint8Array(sizes.tests)
    this.hits = new Uint8Array(sizes.rules)
    this.#keys = groups.map(() => undefined)
    this.#rows = groups.map(() => undefined)
    this.#open = open
  }

  get event(): SecurityEvent {
    if (this.#event === undefined) throw new Error('no event is under judgement')
    return this.#event
  }

  begin(event: SecurityEvent): void {
    this.#event = event
    this.#tests.fill(unset)
    this.hits.fill(hitNone)
    this.#keys.fill(undefined)
    this.#rows.fill(undefined)
    this.#hashes.clear()
  }

  /** The outcome of test number `index`, remembered for this event. */
  outcome(index: number, test: Test): boolean {
    const known = this.#tests[index]
    if (known !== unset) return known === yes
    const outcome = test(this)
    this.#tests[index] = outcome ? yes : 2
    return outcome
  }

  /** The key of the event's group; null where it has none. */
  key(group: Group): string | null {
    const known = this.#keys[group.index]
    if (known !== undefined) return known
    const key = keyOf(group, this.event)
    this.#keys[group.index] = key
    return key
  }

  /** The row of the event's group; null where it has none. */
  row(group: Group): Row | null {
    const known = this.#rows[group.index]
    if (known !== undefined) return known
    const key = this.key(group)
    const row = key === null ? null : this.#open(key)
    this.#rows[group.index] = row
    return row
  }

  /** A row by its key. */
  open(key: string): Row {
    return this.#open(key)
  }

  /** 0 where the field is missing. */
  hash(field: EventField): number {
    const known = this.#hashes.get(field)
    if (known !== undefined) return known
    const value = this.event[field]
    const made = value === undefined ? 0 : hash40(String(value))
    this.#hashes.set(field, made)
    return made
  }

  /** Of a combination; 0 where one of them is missing. */
  hashOf(fields: readonly EventField[]): number {
    const [only] = fields
    if (only !== undefined && fields.length === 1) return this.hash(only)
    let text = ''
    for (const field of fields) {
      const one = this.hash(field)
      if (one === 0) return 0
      text += `${one},`
    }
    return hash40(text)
  }

  /** 0 where the field is missing or no number. */
  number(field: EventField): number {
    const value = this.event[field]
    return typeof value === 'number' ? value : 0
  }
}
