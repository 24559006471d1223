import type { Clock } from '../../../src/resilience/index.ts'

/**
 * Time as a queue of events. Whatever is due next happens, then everything that waits for nothing but promises runs to
 * its next wait, then the next event comes: the same seeds give the same order of everything.
 */
export interface VirtualTime {
  /** Milliseconds since 1970, in whole ones. */
  now(): number
  /** Resolves `ms` later. The play does not end before. */
  sleep(ms: number): Promise<void>
  /**
   * Does something `ms` later; resolves with what it gives. When `serial`, nothing else happens until it has ended,
   * however long that takes by a real clock; else time goes on meanwhile.
   */
  perform<T>(ms: number, work: () => T | Promise<T>): Promise<T>
  /** Calls back `ms` later unless the play is over by then. Returns a function that takes it back. */
  after(ms: number, callback: () => void): () => void
  /** Until nothing is due any more. @throws whatever a callback throws */
  play(): Promise<void>
  /** Two clocks of one computer: its wall clock is wrong by `skewMs`. */
  clock(skewMs: number): Clock
}

interface Due {
  readonly atMs: number
  readonly order: number
  readonly weak: boolean
  readonly fire: () => void | Promise<void>
}

export interface VirtualTimeOptions {
  readonly startMs: number
  /**
   * One work at a time (and so the same every time), or as many as come; then time goes on by at most two seconds while
   * a work is under way, so that nobody is given up who is only waiting for a real answer. @default true
   */
  readonly serial?: boolean | undefined
}

const mostAheadMs = 2_000

export function virtualTime({ startMs, serial = true }: VirtualTimeOptions): VirtualTime {
  let nowMs = Math.ceil(startMs)
  let order = 0
  let strong = 0
  /** When the works began that have not ended, where time does not wait for them; the oldest first. */
  const under = new Set<{ readonly atMs: number }>()
  let ended: (() => void) | undefined
  const queue: Due[] = []

  const add = (ms: number, weak: boolean, fire: Due['fire']): Due => {
    const due = { atMs: nowMs + Math.max(0, Math.ceil(ms)), order: order++, weak, fire }
    if (!weak) strong += 1
    push(queue, due)
    return due
  }

  const begin = async (work: () => Promise<void>): Promise<void> => {
    if (serial) return await work()
    const own = { atMs: nowMs }
    under.add(own)
    void work().finally(() => {
      under.delete(own)
      ended?.()
    })
  }

  const play = async (): Promise<void> => {
    await settle()
    while (strong > 0 || under.size > 0) {
      const due = pop(queue)
      const [oldest] = under
      const tooFar = due !== undefined && oldest !== undefined && due.atMs > oldest.atMs + mostAheadMs
      if (due === undefined || (strong === 0 && due.weak) || tooFar) {
        if (due !== undefined) push(queue, due)
        await new Promise<void>((resolve) => {
          ended = resolve
        })
        ended = undefined
      } else {
        if (!due.weak) strong -= 1
        nowMs = Math.max(nowMs, due.atMs)
        await due.fire()
      }
      await settle()
    }
  }

  const time: VirtualTime = {
    now: () => nowMs,
    sleep: (ms) => new Promise((resolve) => void add(ms, false, resolve)),
    perform: (ms, work) =>
      new Promise((resolve, reject) => {
        add(ms, false, () =>
          begin(async () => {
            try {
              resolve(await work())
            } catch (error) {
              reject(error)
            }
          }),
        )
      }),
    after: (ms, callback) => {
      let wanted = true
      add(ms, true, () => {
        if (wanted) callback()
      })
      return () => {
        wanted = false
      }
    },
    play,
    clock: (skewMs) => ({
      now: () => nowMs + skewMs,
      monotonicMs: () => nowMs - startMs,
      after: (ms, callback) => time.after(ms, callback),
      sleep: (ms, signal) =>
        new Promise((resolve) => {
          if (signal?.aborted) return resolve()
          signal?.addEventListener('abort', () => resolve(), { once: true })
          void time.sleep(ms).then(resolve)
        }),
    }),
  }
  return time
}

/** Lets every promise that is ready run, however long the chain. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const before = (a: Due, b: Due): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)

/** A binary heap: the first one is due first. */
function push(heap: Due[], due: Due): void {
  let at = heap.length
  heap.push(due)
  while (at > 0) {
    const parent = (at - 1) >> 1
    const above = heap[parent]
    if (above === undefined || before(above, due)) break
    heap[at] = above
    at = parent
  }
  heap[at] = due
}

function pop(heap: Due[]): Due | undefined {
  const first = heap[0]
  const last = heap.pop()
  if (first === undefined || last === undefined || heap.length === 0) return first
  let at = 0
  for (;;) {
    let child = 2 * at + 1
    const left = heap[child]
    if (left === undefined) break
    const right = heap[child + 1]
    if (right !== undefined && before(right, left)) child += 1
    const smaller = heap[child] ?? left
    if (before(last, smaller)) break
    heap[at] = smaller
    at = child
  }
  heap[at] = last
  return first
}
