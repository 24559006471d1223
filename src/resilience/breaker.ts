import { BeeError, toBeeError } from '../errors.ts'
import { type Clock, systemClock } from './clock.ts'

export type BreakerState = 'closed' | 'half_open' | 'open'

/** What an error says about the dependency: broken, well (it answered), or nothing (we gave up ourselves). */
export type Verdict = 'failure' | 'success' | 'neutral'

export interface BreakerOptions {
  /** Failures in a row that open it. @default 5 */
  readonly failures?: number | undefined
  /** How long it stays open the first time, milliseconds; doubles with each failed probe. @default 2000 */
  readonly openMs?: number | undefined
  /** Upper bound of the open time, milliseconds. @default 30_000 */
  readonly openCapMs?: number | undefined
  /** @default `retryable` and `unknown_outcome` are failures; every other error is an answer, so a success */
  readonly judge?: ((error: BeeError) => Verdict) | undefined
  readonly onChange?: ((state: BreakerState) => void) | undefined
  readonly clock?: Clock | undefined
}

/**
 * Leaves a failing dependency alone. Closed: every call passes. Open: every call is refused with BEE_BREAKER_OPEN.
 * After the open time it is half open: one call passes as the probe, and its result closes or opens it again.
 */
export class Breaker {
  readonly #failures: number
  readonly #openMs: number
  readonly #openCapMs: number
  readonly #judge: (error: BeeError) => Verdict
  readonly #clock: Clock
  readonly #listeners = new Set<(state: BreakerState) => void>()
  #state: BreakerState = 'closed'
  #failuresInRow = 0
  #timesOpened = 0
  #reopensAtMs = 0
  #probing = false
  /** Grows with each change of state, so that a late result of an earlier state says nothing about this one. */
  #era = 0

  constructor(options: BreakerOptions = {}) {
    this.#failures = positive('failures', options.failures ?? 5)
    this.#openMs = positive('openMs', options.openMs ?? 2000)
    this.#openCapMs = positive('openCapMs', options.openCapMs ?? 30_000)
    this.#judge = options.judge ?? judgeByClass
    this.#clock = options.clock ?? systemClock
    if (options.onChange !== undefined) this.#listeners.add(options.onChange)
  }

  get state(): BreakerState {
    return this.#state
  }

  /** Milliseconds until the next probe is let through; 0 unless open. */
  get retryAfterMs(): number {
    return this.#state === 'open' ? Math.max(0, this.#reopensAtMs - this.#clock.monotonicMs()) : 0
  }

  /** Calls back at each change of state; returns a function that ends that. */
  onChange(listener: (state: BreakerState) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * Runs the work if the breaker lets it through and learns from its result.
   *
   * @throws BeeError BEE_BREAKER_OPEN (with retryAfterMs) without running it; else whatever the work throws.
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#state === 'open') throw new BeeError('BEE_BREAKER_OPEN', undefined, { retryAfterMs: this.retryAfterMs })
    if (this.#state === 'half_open') {
      if (this.#probing) throw new BeeError('BEE_BREAKER_OPEN')
      this.#probing = true
    }
    const era = this.#era
    try {
      const value = await work()
      this.#learn(era, 'success')
      return value
    } catch (thrown) {
      this.#learn(era, this.#judge(toBeeError(thrown)))
      throw thrown
    }
  }

  #learn(era: number, verdict: Verdict): void {
    if (era !== this.#era) return
    if (verdict === 'neutral') {
      this.#probing = false
    } else if (verdict === 'success') {
      this.#failuresInRow = 0
      this.#timesOpened = 0
      this.#become('closed')
    } else {
      this.#failuresInRow += 1
      if (this.#state === 'half_open' || this.#failuresInRow >= this.#failures) this.#open()
    }
  }

  #open(): void {
    const openMs = Math.min(this.#openCapMs, this.#openMs * 2 ** this.#timesOpened)
    this.#timesOpened += 1
    this.#reopensAtMs = this.#clock.monotonicMs() + openMs
    this.#become('open')
    this.#clock.after(openMs, () => this.#become('half_open'))
  }

  #become(state: BreakerState): void {
    if (state === this.#state) return
    this.#state = state
    this.#probing = false
    this.#era += 1
    for (const listener of this.#listeners) listener(state)
  }
}

function judgeByClass(error: BeeError): Verdict {
  return error.failure === 'retryable' || error.failure === 'unknown_outcome' ? 'failure' : 'success'
}

function positive(name: string, value: number): number {
  if (!(value > 0)) throw new TypeError(`expected ${name} to be above 0, received ${value}`)
  return value
}
