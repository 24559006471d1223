/**
 * Waits for a promise, but no longer than the signal allows. The work behind the promise goes on; its late result or
 * error is dropped.
 *
 * @throws the signal's reason as soon as it aborts, else whatever the promise rejects with.
 */
export function raceAbort<T>(promise: PromiseLike<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return Promise.resolve(promise)
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason)
    const settled = () => signal.removeEventListener('abort', abort)
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
    promise.then(
      (value) => {
        settled()
        resolve(value)
      },
      (error: unknown) => {
        settled()
        reject(error)
      },
    )
  })
}

/** A signal that somebody must let go of, or its timer and listeners stay. */
export interface Guard {
  readonly signal: AbortSignal
  /** Takes back the timer and the listeners. Safe to call twice. */
  release(): void
}

/**
 * One signal that aborts with the first of several. Unlike `AbortSignal.any` it can be let go of, so that a
 * long-living parent does not collect a listener for each call.
 */
export function anySignal(signals: readonly (AbortSignal | undefined)[]): Guard & { abort(reason: unknown): void } {
  const controller = new AbortController()
  const undo: (() => void)[] = []
  const release = () => {
    for (const step of undo.splice(0)) step()
  }
  const abort = (reason: unknown) => {
    release()
    controller.abort(reason)
  }
  for (const parent of signals) {
    if (parent === undefined) continue
    if (parent.aborted) {
      abort(parent.reason)
      break
    }
    const listener = () => abort(parent.reason)
    parent.addEventListener('abort', listener, { once: true })
    undo.push(() => parent.removeEventListener('abort', listener))
  }
  return { signal: controller.signal, release, abort }
}
