import type { Json } from '../../../src/bee/index.ts'

/** How one kind of state is read from JSON, written to it, and when nobody can ask for it any more. */
export interface Kernel<State> {
  /** Whatever is not a state of this kind, above all undefined, gives an empty one. */
  readonly load: (json: Json | undefined) => State
  readonly save: (state: State) => Json
  /** Milliseconds of event time; an emptied one is equal to it from then on. */
  readonly expires: (state: State) => number
}

interface Slot {
  raw: Json | undefined
  live: { readonly kernel: Kernel<unknown>; state: unknown } | undefined
  expires: number
}

/**
 * A state row while a batch is worked on: the states of all clauses about one group. A state is parsed when it is first
 * needed and written once at the end. What has expired when the row is written to is left out, measured by the mark of that
 * moment and not by the end of the batch: cutting the stream into other batches gives the same bytes.
 */
export class Row {
  readonly #slots = new Map<string, Slot>()
  #markMs = 0
  isDirty = false

  constructor(json: Json | undefined) {
    if (!isRecord(json) || !isRecord(json.s)) return
    if (typeof json.m === 'number') this.#markMs = json.m
    for (const [id, entry] of Object.entries(json.s)) {
      if (!Array.isArray(entry) || typeof entry[0] !== 'number') continue
      this.#slots.set(id, { raw: entry[1], live: undefined, expires: entry[0] })
    }
  }

  /** The state, or an empty one. It may be altered only if `write` follows. */
  read<State>(id: string, kernel: Kernel<State>, markMs: number): State {
    const slot = this.#slots.get(id)
    if (slot === undefined || slot.expires <= markMs) return kernel.load(undefined)
    if (slot.live === undefined) slot.live = { kernel: kernel as Kernel<unknown>, state: kernel.load(slot.raw) }
    return slot.live.state as State
  }

  write<State>(id: string, kernel: Kernel<State>, state: State, markMs: number): void {
    const live = { kernel: kernel as Kernel<unknown>, state }
    const slot = this.#slots.get(id)
    const expires = kernel.expires(state)
    if (slot === undefined) this.#slots.set(id, { raw: undefined, live, expires })
    else {
      slot.live = live
      slot.expires = expires
    }
    this.#markMs = markMs
    this.isDirty = true
  }

  /** null: nothing is left that anybody could ask for. Ids in their order, so that equal states are equal texts. */
  save(): Json | null {
    let latest = 0
    const states: [string, Json][] = []
    for (const [id, slot] of this.#slots) {
      if (slot.expires <= this.#markMs) continue
      const state = slot.live === undefined ? slot.raw : slot.live.kernel.save(slot.live.state)
      if (state === undefined) continue
      latest = Math.max(latest, slot.expires)
      states.push([id, [slot.expires, state]])
    }
    if (states.length === 0) return null
    states.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    return { x: latest, m: this.#markMs, s: Object.fromEntries(states) }
  }
}

/** Event time (milliseconds) from which the row may be deleted; 0 for what is no state row. */
export function expiresOf(row: Json): number {
  return isRecord(row) && typeof row.x === 'number' ? row.x : 0
}

function isRecord(json: Json | undefined): json is { readonly [key: string]: Json } {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}
