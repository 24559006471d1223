/**
 * The values of a field that a group has shown, each with its latest times. Only the `most` values seen latest are kept:
 * "at least n different ones in the window" needs no more than n of them, so that thresholds below `most` are met exactly
 * whatever comes, and an attacker who varies everything fills a fixed room.
 */
export type Values = Map<number, number[]>

export interface ValuesShape {
  readonly keptMs: number
  /** Values kept. */
  readonly most: number
  /** Times kept for each value. */
  readonly times: number
}

export const fewestValues = 32
export const mostValues = 256
export const mostTimes = 32

export function addSighting(values: Values, shape: ValuesShape, value: number, timeMs: number, markMs: number): void {
  const times = values.get(value) ?? []
  values.delete(value)
  let at = times.length
  while (at > 0 && (times[at - 1] ?? 0) > timeMs) at -= 1
  times.splice(at, 0, timeMs)
  if (times.length > shape.times) times.splice(0, times.length - shape.times)
  values.set(value, times)
  if (values.size <= shape.most) return
  // First what nobody can ask for any more, then what was seen longest ago.
  for (const [old, seen] of values) {
    if ((seen[seen.length - 1] ?? 0) <= markMs - shape.keptMs) values.delete(old)
  }
  for (const old of values.keys()) {
    if (values.size <= shape.most) break
    values.delete(old)
  }
}

export interface Spread {
  /** Values with a sighting in the window. */
  distinct: number
  /** Of them, those with at most so many sightings. */
  few: number
  /** Sightings of the value that has most; no more than the times kept. */
  highest: number
  /** Of all values; each counts no more than the times kept. */
  sightings: number
}

export function spreadOf(values: Values, afterMs: number, untilMs: number, atMost: number): Spread {
  const spread: Spread = { distinct: 0, few: 0, highest: 0, sightings: 0 }
  for (const times of values.values()) {
    let count = 0
    for (const time of times) if (time > afterMs && time <= untilMs) count += 1
    if (count === 0) continue
    spread.distinct += 1
    spread.sightings += count
    if (count <= atMost) spread.few += 1
    if (count > spread.highest) spread.highest = count
  }
  return spread
}

/** Flat numbers: value, number of times, first time less `base`, and then each less the one before. */
export function writeValues(values: Values): number[] {
  let base = Number.POSITIVE_INFINITY
  for (const times of values.values()) base = Math.min(base, times[0] ?? base)
  const flat: number[] = [values.size === 0 ? 0 : base]
  for (const [value, times] of values) {
    flat.push(value, times.length)
    let before = base
    for (const time of times) {
      flat.push(time - before)
      before = time
    }
  }
  return flat
}

export function readValues(flat: unknown): Values {
  const values: Values = new Map()
  if (!Array.isArray(flat) || !flat.every((one) => typeof one === 'number')) return values
  const base = Number(flat[0] ?? 0)
  for (let at = 1; at + 1 < flat.length; ) {
    const value = Number(flat[at])
    const count = Number(flat[at + 1])
    const times: number[] = []
    let before = base
    for (let one = 0; one < count; one++) {
      before += Number(flat[at + 2 + one] ?? 0)
      times.push(before)
    }
    values.set(value, times)
    at += 2 + Math.max(0, count)
  }
  return values
}
