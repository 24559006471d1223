import type { TaskContext } from '../../../src/bee/index.ts'
import { type AlertCount, type DeliverContext, deliverDue } from '../alerts/deliver-due.ts'

export interface AlertingContext
  extends Pick<DeliverContext, 'transact' | 'alerts' | 'signal' | 'shuttingDown' | 'log'> {
  readonly clock: TaskContext<unknown, unknown>['clock']
  readonly count: (name: AlertCount, by?: number) => void
  readonly isOver: () => boolean
}

export interface Alerting {
  /** Between two pages. @param news something was found that somebody may want to know */
  after(news: boolean): Promise<void>
  /** After the last page. */
  end(news: boolean): Promise<void>
}

/** A backlog of pages makes nobody wait longer than this for the first alert. */
const patienceMs = 2_000
/** Receivers must not keep the analysis; what is left is for the sweep of deliver_alerts. */
const budgetMs = 5_000

/** Sends what the analysis has just made due, without waiting for a sweep. What fails here is sent by the next one. */
export function alertSoon(context: AlertingContext): Alerting {
  let sinceMs: number | undefined
  const deliver = async (): Promise<void> => {
    sinceMs = undefined
    if (!context.isOver()) await deliverDue(context, { rounds: 1, budgetMs })
  }
  return {
    async after(news) {
      if (news) sinceMs ??= context.clock.monotonicMs()
      if (sinceMs !== undefined && context.clock.monotonicMs() - sinceMs >= patienceMs) await deliver()
    },
    async end(news) {
      if (news || sinceMs !== undefined) await deliver()
    },
  }
}
