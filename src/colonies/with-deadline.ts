import { ColoniesError } from './errors.ts'

export interface CallOptions {
  /** Aborts the call; it then fails with kind `aborted`. */
  readonly signal?: AbortSignal | undefined
  /**
   * Time for the whole call: connecting, headers and body, milliseconds.
   * @default `timeoutMs` of the client; for `assign` its timeout and 10 s more
   */
  readonly deadlineMs?: number | undefined
}

/** The longest that a timer can be; beyond it fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1

/**
 * Runs one attempt under a deadline and the caller's signal. It settles in time even if `run` ignores its signal.
 * @throws ColoniesError of kind `timeout` or `aborted`, or whatever `run` throws
 */
export const withDeadline = async <Result>(
  msgtype: string,
  deadlineMs: number,
  outer: AbortSignal | undefined,
  run: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> => {
  if (outer?.aborted === true) {
    throw new ColoniesError('aborted', { msgtype, outcome: 'not_applied', cause: outer.reason })
  }
  if (!(deadlineMs > 0)) {
    throw new ColoniesError('timeout', { msgtype, detail: 'no time left to start', outcome: 'not_applied' })
  }
  const controller = new AbortController()
  const ended = Promise.withResolvers<never>()
  const end = (error: ColoniesError): void => {
    ended.reject(error)
    controller.abort(error)
  }
  const onAbort = (): void => {
    end(new ColoniesError('aborted', { msgtype, outcome: 'unknown', cause: outer?.reason }))
  }
  const timer = setTimeout(
    () => {
      end(new ColoniesError('timeout', { msgtype, detail: `${deadlineMs} ms`, outcome: 'unknown' }))
    },
    Math.min(deadlineMs, MAX_TIMER_MS),
  )
  outer?.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([run(controller.signal), ended.promise])
  } finally {
    clearTimeout(timer)
    outer?.removeEventListener('abort', onAbort)
  }
}
