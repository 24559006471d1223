/** What an executor is told to do. */
export interface Order {
  readonly url: string
  readonly key: string
  readonly process: string
  readonly retries: number
  readonly executor: string
  /** Where it stops, and the how-manieth time that it comes there; nowhere: it runs to its end. */
  readonly place: string
  readonly time: number
}

export interface Boundary {
  readonly place: string
  readonly time: number
}

/** Everywhere that an analysis of three pages can die, in the order in which it gets there. */
export const boundaries: readonly Boundary[] = [
  { place: 'before begin', time: 1 },
  { place: 'after begin', time: 1 },
  ...[1, 2, 3].flatMap((time) => [
    { place: 'before page', time },
    { place: 'after page', time },
    { place: 'before states', time: 2 * time - 1 },
    { place: 'after states', time: 2 * time - 1 },
    { place: 'before states', time: 2 * time },
    { place: 'after states', time: 2 * time },
    { place: 'before commit', time },
    { place: 'after commit', time },
  ]),
  { place: 'before close', time: 1 },
]
