import { type Clock, systemClock } from './clock.ts'

export interface LimiterOptions {
  /** Tokens that come back in one second. */
  readonly perSecond: number
  /** Tokens that can be saved up. @default perSecond, at least 1 */
  readonly burst?: number | undefined
  readonly clock?: Clock | undefined
}

/** A token bucket: bounds a rate and allows a burst. */
export class Limiter {
  readonly #perMs: number
  readonly #burst: number
  readonly #clock: Clock
  #tokens: number
  #atMs: number

  constructor(options: LimiterOptions) {
    if (!(options.perSecond > 0) || !Number.isFinite(options.perSecond))
      throw new TypeError(`expected perSecond to be a finite number above 0, received ${options.perSecond}`)
    this.#perMs = options.perSecond / 1000
    this.#burst = options.burst ?? Math.max(1, options.perSecond)
    if (!(this.#burst >= 1)) throw new TypeError(`expected burst to be at least 1, received ${this.#burst}`)
    this.#clock = options.clock ?? systemClock
    this.#tokens = this.#burst
    this.#atMs = this.#clock.monotonicMs()
  }

  /** Takes a token if there is one. */
  tryTake(): boolean {
    this.#refill()
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }

  /**
   * Takes the next token, waiting for it if need be. Tokens are promised in the order of the calls.
   *
   * @throws the signal's reason when it aborts first; the token is then given back.
   */
  async take(signal?: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted()
    this.#refill()
    // A debt below zero is what those before us in the line have been promised.
    this.#tokens -= 1
    if (this.#tokens >= 0) return
    await this.#clock.sleep(-this.#tokens / this.#perMs, signal)
    if (!signal?.aborted) return
    this.#tokens += 1
    throw signal.reason
  }

  /** Milliseconds until a token is free; 0 when one is. */
  waitMs(): number {
    this.#refill()
    return this.#tokens >= 1 ? 0 : (1 - this.#tokens) / this.#perMs
  }

  #refill(): void {
    const nowMs = this.#clock.monotonicMs()
    this.#tokens = Math.min(this.#burst, this.#tokens + (nowMs - this.#atMs) * this.#perMs)
    this.#atMs = nowMs
  }
}
