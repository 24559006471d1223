import { BeeError } from '../errors.ts'

export interface BulkheadOptions {
  /** Works at once. */
  readonly limit: number
  /** Works that may wait; one more is refused with BEE_BULKHEAD_FULL. @default Infinity */
  readonly queue?: number | undefined
}

interface Waiter {
  readonly admit: () => void
}

/** Bounds how many works run at once, so that one crowd cannot use up what others need too. First come, first served. */
export class Bulkhead {
  readonly limit: number
  readonly #queueLimit: number
  readonly #waiters = new Set<Waiter>()
  #busy = 0

  constructor(options: BulkheadOptions) {
    if (!Number.isInteger(options.limit) || options.limit < 1)
      throw new TypeError(`expected limit to be an integer from 1, received ${options.limit}`)
    this.limit = options.limit
    this.#queueLimit = options.queue ?? Number.POSITIVE_INFINITY
  }

  /** Works that run now. */
  get busy(): number {
    return this.#busy
  }

  /** Works that wait for a place. */
  get queued(): number {
    return this.#waiters.size
  }

  /**
   * Runs the work when there is a place for it. The signal ends the waiting only.
   *
   * @throws BeeError BEE_BULKHEAD_FULL when too many wait; the signal's reason when it aborts first.
   */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal | undefined): Promise<T> {
    const leave = await this.enter(signal)
    try {
      return await work()
    } finally {
      leave()
    }
  }

  /** Takes a place; the returned function gives it back (once; later calls do nothing). Throws as `run` does. */
  async enter(signal?: AbortSignal | undefined): Promise<() => void> {
    signal?.throwIfAborted()
    const place = this.tryEnter()
    if (place !== undefined) return place
    await this.#wait(signal)
    return this.#place()
  }

  /** Takes a place if one is free now, else undefined. */
  tryEnter(): (() => void) | undefined {
    if (this.#busy >= this.limit) return undefined
    this.#busy += 1
    return this.#place()
  }

  #place(): () => void {
    let inside = true
    return () => {
      if (!inside) return
      inside = false
      this.#leave()
    }
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    if (this.#waiters.size >= this.#queueLimit) throw new BeeError('BEE_BULKHEAD_FULL')
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#waiters.delete(waiter)
        reject(signal?.reason)
      }
      const waiter: Waiter = {
        admit: () => {
          signal?.removeEventListener('abort', abort)
          resolve()
        },
      }
      this.#waiters.add(waiter)
      signal?.addEventListener('abort', abort, { once: true })
    })
  }

  /** The place goes to the next in line, or becomes free. */
  #leave(): void {
    const [next] = this.#waiters
    if (next === undefined) {
      this.#busy -= 1
      return
    }
    this.#waiters.delete(next)
    next.admit()
  }
}
