/** What is counted over all histories of a run. */
export interface Figures {
  histories: number
  events: number
  deliveries: number
  /** Events that never came and were found by comparing. */
  lost: number
  /** Assignments of processes to executors. */
  runs: number
  /** Calls of bee_execute. */
  transactions: number
  reads: number
  deaths: number
  zombies: number
  lostReplies: number
  failedReads: number
  connectionsKilled: number
  fenced: number
  parked: number
  /** Versions of rows that were written and put in order again. */
  versions: number
}

export const noFigures = (): Figures => ({
  histories: 0,
  events: 0,
  deliveries: 0,
  lost: 0,
  runs: 0,
  transactions: 0,
  reads: 0,
  deaths: 0,
  zombies: 0,
  lostReplies: 0,
  failedReads: 0,
  connectionsKilled: 0,
  fenced: 0,
  parked: 0,
  versions: 0,
})

export function addFigures(sum: Figures, more: Readonly<Figures>): void {
  for (const name of Object.keys(more) as (keyof Figures)[]) sum[name] += more[name]
}
