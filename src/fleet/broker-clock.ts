/**
 * How late an assignment reached us, whatever the broker's clock says.
 *
 * The difference between our wall clock on arrival and the broker's `starttime` is skew + delay. The skew is the same
 * for all assignments and the delay is never negative, so the smallest difference seen so far stands for the skew.
 */
export interface BrokerClock {
  /**
   * For an assignment that a poll brought.
   * @param assignedAt the broker's stamp, milliseconds since 1970
   * @param arrivedAt our wall clock on arrival, milliseconds since 1970
   * @param mostMs what the delay can be at most (how long the poll was open)
   * @returns milliseconds of the budget that had passed before we knew of the process
   */
  delayMs(assignedAt: number, arrivedAt: number, mostMs: number): number
  /** For an assignment that was found in a list: teaches nothing. Clocks count as equal while nothing was learnt. */
  ageMs(assignedAt: number, nowMs: number): number
}

// The estimate creeps up, so that a clock that was set back once does not stay wrong for ever.
const CREEP_MS = 0.05

/** A fresh estimate. One for each bee is enough: there is one broker. */
export function createBrokerClock(): BrokerClock {
  let skewMs: number | null = null
  return {
    delayMs(assignedAt, arrivedAt, mostMs) {
      const differenceMs = arrivedAt - assignedAt
      skewMs = skewMs === null ? differenceMs : Math.min(skewMs + CREEP_MS, differenceMs)
      return Math.min(Math.max(0, differenceMs - skewMs), Math.max(0, mostMs))
    },
    ageMs(assignedAt, nowMs) {
      return Math.max(0, nowMs - assignedAt - (skewMs ?? 0))
    },
  }
}
