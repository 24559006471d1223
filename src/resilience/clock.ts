/** Time as a dependency, so that tests can hold it still. */
export interface Clock {
  /** Wall clock, milliseconds since 1970. For stamps that people and other machines read. */
  now(): number
  /** Never goes back, milliseconds from an arbitrary start. For durations and deadlines. */
  monotonicMs(): number
  /** Resolves after `ms`, or at once when the signal aborts (it never rejects). */
  sleep(ms: number, signal?: AbortSignal | undefined): Promise<void>
  /** Calls back after `ms`; returns a function that takes the call back. Does not keep the program alive. */
  after(ms: number, callback: () => void): () => void
}

export const systemClock: Clock = Object.freeze({
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (ms: number, signal?: AbortSignal | undefined) =>
    new Promise<void>((resolve) => {
      if (signal?.aborted) return resolve()
      const done = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      signal?.addEventListener('abort', done)
    }),
  after: (ms: number, callback: () => void) => {
    const timer = setTimeout(callback, ms)
    timer.unref()
    return () => clearTimeout(timer)
  },
})
