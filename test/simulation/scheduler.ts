import { randomFrom, type SeededRandom } from '../support/index.ts'

/** The wall clock of a history at its start; every history begins at the same moment. */
export const EPOCH_MS = Date.UTC(2026, 0, 1)

interface Entry {
  readonly atMs: number
  /** Orders what is due at the same time: by the seed, not by who asked first. */
  readonly tie: number
  readonly what: string
  readonly act: () => void
  cancelled: boolean
}

/** What a run of the scheduler does while nobody looks. */
export interface Scheduler {
  readonly random: SeededRandom
  /** Virtual milliseconds since the start. */
  readonly nowMs: number
  /** Events that have happened. */
  readonly steps: number
  /** Stands for the order of all events: equal for equal runs. */
  readonly hash: string
  /** The last events, for a report. */
  readonly recent: readonly string[]
  /** Does something after so many virtual milliseconds; the function takes it back. `what` goes into the trace. */
  after(ms: number, what: string, act: () => void): () => void
  sleep(ms: number, what: string): Promise<void>
  /** Writes a line into the trace. */
  note(what: string): void
  /** Lets events happen until the condition holds or the time is over. @returns whether it holds */
  run(condition: () => boolean, untilMs: number): Promise<boolean>
}

const KEPT = 400

/**
 * Virtual time: one event after the other, in the order of their times, and what an event starts in turn (however long
 * the chain of promises) is over before the next one begins. Equal seeds give equal runs.
 */
export function createScheduler(seed: number): Scheduler {
  const random = randomFrom(seed)
  const heap: Entry[] = []
  const recent: string[] = []
  let nowMs = 0
  let steps = 0
  let low = 0x811c9dc5
  let high = 0x01000193

  const note = (what: string): void => {
    for (let index = 0; index < what.length; index += 1) {
      const code = what.charCodeAt(index)
      low = Math.imul(low ^ code, 0x01000193)
      high = Math.imul(high ^ code, 0x5bd1e995)
    }
    // Seconds in tenths of a microsecond: everything of the time that may differ.
    low = Math.imul(low ^ Math.round(nowMs * 1e4), 0x01000193)
    if (recent.length >= 2 * KEPT) recent.splice(0, KEPT)
    recent.push(`${nowMs.toFixed(3).padStart(12)} ${what}`)
  }

  const after = (ms: number, what: string, act: () => void): (() => void) => {
    const entry: Entry = { atMs: nowMs + Math.max(0, ms), tie: random.next(), what, act, cancelled: false }
    push(heap, entry)
    return () => {
      entry.cancelled = true
    }
  }

  const run = async (condition: () => boolean, untilMs: number): Promise<boolean> => {
    await settle()
    while (!condition()) {
      const entry = pop(heap)
      if (entry === undefined) return false
      if (entry.cancelled) continue
      if (entry.atMs > untilMs) {
        push(heap, entry)
        nowMs = untilMs
        return false
      }
      nowMs = entry.atMs
      steps += 1
      note(entry.what)
      entry.act()
      await settle()
    }
    return true
  }

  return {
    random,
    after,
    note,
    run,
    sleep: (ms, what) => new Promise((resolve) => after(ms, what, resolve)),
    get nowMs() {
      return nowMs
    },
    get steps() {
      return steps
    },
    get hash() {
      return `${(low >>> 0).toString(16).padStart(8, '0')}${(high >>> 0).toString(16).padStart(8, '0')}`
    },
    get recent() {
      return recent.slice(-KEPT)
    },
  }
}

/** Every promise that is ready runs before this resolves. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const isBefore = (a: Entry, b: Entry): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.tie < b.tie)

function push(heap: Entry[], entry: Entry): void {
  let index = heap.push(entry) - 1
  while (index > 0) {
    const above = (index - 1) >> 1
    const parent = heap[above]
    if (parent === undefined || !isBefore(entry, parent)) break
    heap[index] = parent
    index = above
  }
  heap[index] = entry
}

function pop(heap: Entry[]): Entry | undefined {
  const first = heap[0]
  const last = heap.pop()
  if (last === undefined || heap.length === 0) return first
  let index = 0
  for (;;) {
    let child = 2 * index + 1
    let least = heap[child]
    const right = heap[child + 1]
    if (least !== undefined && right !== undefined && isBefore(right, least)) {
      least = right
      child += 1
    }
    if (least === undefined || !isBefore(least, last)) break
    heap[index] = least
    index = child
  }
  heap[index] = last
  return first
}
