import type { Json } from '../../../src/bee/index.ts'

/** How one kind of state is read from JSON, written to it, and when nobody can ask for it any more. */
export interface Kernel<State> {
  /** Whatever is not a state of this kind, above all undefined, gives an empty one. */
  readonly load: (json: Json | undefined) => State
  readonly save: (state: State) => Json
  /** Milliseconds of event time; an emptied one is equal to it from then on. */
  readonly expires: (state: State) => number
}

interface Live {
  readonly kernel: Kernel<unknown>
  readonly state: unknown
  readonly expires: number
}

/** A state as it is stored: when it expires, and what it is. */
type Entry = readonly [expires: number, state: Json]

/**
 * A state row while a batch is worked on: the states of all clauses about one group. A state is parsed when it is first
 * needed and written once at the end. What has expired when the row is written to is left out, measured by the mark of that
 * moment and not by the end of the batch: cutting the stream into other batches gives the same bytes.
 */
export class Row {
  readonly #stored: { readonly [id: string]: Json }
  readonly #live = new Map<string, Live>()
  #markMs = 0
  isDirty = false

  constructor(json: Json | undefined) {
    const isRow = isRecord(json) && isRecord(json.s)
    this.#stored = isRow && isRecord(json.s) ? json.s : {}
    if (isRow && typeof json.m === 'number') this.#markMs = json.m
  }

  /** The state, or an empty one. It may be altered only if `write` follows. */
  read<State>(id: string, kernel: Kernel<State>, markMs: number): State {
    const live = this.#live.get(id)
    if (live !== undefined) return live.expires <= markMs ? kernel.load(undefined) : (live.state as State)
    const entry = this.#entry(id)
    if (entry === undefined || entry[0] <= markMs) return kernel.load(undefined)
    const state = kernel.load(entry[1])
    this.#live.set(id, { kernel: kernel as Kernel<unknown>, state, expires: entry[0] })
    return state
  }

  write<State>(id: string, kernel: Kernel<State>, state: State, markMs: number): void {
    this.#live.set(id, { kernel: kernel as Kernel<unknown>, state, expires: kernel.expires(state) })
    this.#markMs = markMs
    this.isDirty = true
  }

  /** null: nothing is left that anybody could ask for. Ids in their order, so that equal states are equal texts. */
  save(): Json | null {
    let latest = 0
    const states: Record<string, Json> = {}
    for (const id of this.#ids()) {
      const entry = this.#saved(id)
      if (entry === undefined || entry[0] <= this.#markMs) continue
      latest = Math.max(latest, entry[0])
      states[id] = entry as Json
    }
    return latest === 0 ? null : { x: latest, m: this.#markMs, s: states }
  }

  #ids(): readonly string[] {
    const ids = Object.keys(this.#stored)
    for (const id of this.#live.keys()) if (!Object.hasOwn(this.#stored, id)) ids.push(id)
    return ids.sort()
  }

  #saved(id: string): Entry | undefined {
    const live = this.#live.get(id)
    if (live === undefined) return this.#entry(id)
    return [live.expires, live.kernel.save(live.state)]
  }

  #entry(id: string): Entry | undefined {
    const entry = Object.hasOwn(this.#stored, id) ? this.#stored[id] : undefined
    return Array.isArray(entry) && typeof entry[0] === 'number' ? (entry as unknown as Entry) : undefined
  }
}

/** Event time (milliseconds) from which the row may be deleted; 0 for what is no state row. */
export function expiresOf(row: Json): number {
  return isRecord(row) && typeof row.x === 'number' ? row.x : 0
}

function isRecord(json: Json | undefined): json is { readonly [key: string]: Json } {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}
