/**
 * Heavy hitters with a bounded number of counters (Space-Saving; Metwally, Agrawal, El Abbadi 2005): a count is never too low,
 * and too high by at most the smallest counter at the time the value came in. Who floods it with new values cannot hide a
 * value that has more than 1/capacity of all.
 */
export type Counters = Map<number, number>

export function addTo(counters: Counters, key: number, capacity: number): void {
  const known = counters.get(key)
  if (known !== undefined) {
    counters.set(key, known + 1)
    return
  }
  if (counters.size < capacity) {
    counters.set(key, 1)
    return
  }
  let lowestKey = 0
  let lowest = Number.POSITIVE_INFINITY
  for (const [candidate, count] of counters) {
    if (count < lowest) {
      lowest = count
      lowestKey = candidate
    }
  }
  counters.delete(lowestKey)
  counters.set(key, lowest + 1)
}

/** Flat pairs, in the order of arrival, which decides between equals. */
export function writeCounters(counters: Counters): number[] {
  return [...counters].flat()
}

export function readCounters(flat: unknown): Counters {
  const counters: Counters = new Map()
  if (!Array.isArray(flat)) return counters
  for (let at = 0; at + 1 < flat.length; at += 2) {
    const key: unknown = flat[at]
    const count: unknown = flat[at + 1]
    if (typeof key === 'number' && typeof count === 'number') counters.set(key, count)
  }
  return counters
}
