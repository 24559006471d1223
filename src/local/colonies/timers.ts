import type { Logger } from 'pino'

/** Periodic jobs. Runs of one job never overlap; a throw is logged and the next run comes as usual. */
export interface Timers {
  /** @param periodMs from the end of one run to the begin of the next */
  every(name: string, periodMs: number, job: () => Promise<void>): void
  /** Stops all jobs and waits for those that are running. */
  close(): Promise<void>
}

export function createTimers(logger: Logger): Timers {
  const handles = new Map<string, NodeJS.Timeout>()
  const running = new Set<Promise<void>>()
  let closed = false

  const schedule = (name: string, periodMs: number, job: () => Promise<void>) => {
    if (closed) return
    const run = () => {
      const turn = job()
        .catch((thrown: unknown) => {
          if (!closed) logger.error({ err: thrown, job: name }, 'periodic job failed')
        })
        .finally(() => {
          running.delete(turn)
          schedule(name, periodMs, job)
        })
      running.add(turn)
    }
    handles.set(name, setTimeout(run, periodMs))
  }

  return {
    every: schedule,
    async close() {
      closed = true
      for (const handle of handles.values()) clearTimeout(handle)
      await Promise.all(running)
    },
  }
}
