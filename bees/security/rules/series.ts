/**
 * Events of a group over time: exact points while they are few; when there are more than `most`, the older half is run together
 * into slots of a fixed grid. A threshold of up to half of `most` is therefore met exactly; beyond it the oldest slot of
 * a window counts in proportion, an error of at most one slot (1/24 of what is kept).
 */
export interface Series {
  /**
   * As it is stored: for each point, in order of time, the time since the point before (of the first: since 0), its length, the
   * number of its events, and a weight for each channel. A point ends at its time.
   */
  readonly flat: number[]
  /** Time of the latest point; 0 without one. */
  lastMs: number
}

export interface SeriesShape {
  /** How far back a window may begin, seen from the latest event. */
  readonly keptMs: number
  readonly most: number
  /** What becomes of a channel when points run together. */
  readonly channels: readonly ('sum' | 'max')[]
}

export interface Total {
  count: number
  firstMs: number
  lastMs: number
  readonly weights: number[]
}

interface Point {
  from: number
  to: number
  count: number
  readonly weights: number[]
}

const slotsKept = 24
export const fewestPoints = 64
export const mostPoints = 256

const sizeOf = ({ channels }: SeriesShape): number => 3 + channels.length

/** Adds an event at its place in time. */
export function addPoint(
  series: Series,
  shape: SeriesShape,
  timeMs: number,
  weights: readonly number[],
  markMs: number,
): void {
  const { flat } = series
  const size = sizeOf(shape)
  if (timeMs >= series.lastMs) {
    flat.push(timeMs - series.lastMs, 0, 1, ...weights)
    series.lastMs = timeMs
  } else insert(series, size, timeMs, weights)
  forget(series, size, markMs - shape.keptMs)
  if (flat.length > shape.most * size) coalesce(series, shape)
}

function insert({ flat, lastMs }: Series, size: number, timeMs: number, weights: readonly number[]): void {
  let [at, beforeMs] = [flat.length, lastMs]
  while (at > 0 && beforeMs > timeMs) {
    at -= size
    beforeMs -= flat[at] ?? 0
  }
  const sinceMs = timeMs - beforeMs
  flat[at] = (flat[at] ?? 0) - sinceMs
  flat.splice(at, 0, sinceMs, 0, 1, ...weights)
}

/** Drops the points until a time, that one included. */
function forget(series: Series, size: number, untilMs: number): void {
  const { flat } = series
  let [gone, goneMs] = [0, 0]
  while (gone < flat.length && goneMs + (flat[gone] ?? 0) <= untilMs) {
    goneMs += flat[gone] ?? 0
    gone += size
  }
  if (gone === 0) return
  flat.splice(0, gone)
  if (flat.length === 0) series.lastMs = 0
  else flat[0] = (flat[0] ?? 0) + goneMs
}

function coalesce({ flat }: Series, shape: SeriesShape): void {
  const size = sizeOf(shape)
  const slotMs = Math.ceil(shape.keptMs / slotsKept)
  const half = flat.splice(0, (Math.floor(flat.length / size) >> 1) * size)
  const merged: Point[] = []
  for (const point of pointsOf(half, size)) {
    const last = merged[merged.length - 1]
    if (last === undefined || Math.floor(last.to / slotMs) !== Math.floor(point.to / slotMs)) {
      merged.push(point)
      continue
    }
    last.to = point.to
    last.from = Math.min(last.from, point.from)
    last.count += point.count
    for (const [channel, kind] of shape.channels.entries()) {
      const [a, b] = [last.weights[channel] ?? 0, point.weights[channel] ?? 0]
      last.weights[channel] = kind === 'sum' ? a + b : Math.max(a, b)
    }
  }
  // What follows keeps its distance: the last of the half ends where it did.
  let before = 0
  const written = merged.flatMap(({ from, to, count, weights }) => {
    const sinceMs = to - before
    before = to
    return [sinceMs, to - from, count, ...weights]
  })
  flat.unshift(...written)
}

function pointsOf(flat: readonly number[], size: number): readonly Point[] {
  const points: Point[] = []
  let to = 0
  for (let at = 0; at < flat.length; at += size) {
    to += flat[at] ?? 0
    points.push({
      from: to - (flat[at + 1] ?? 0),
      to,
      count: flat[at + 2] ?? 0,
      weights: flat.slice(at + 3, at + size),
    })
  }
  return points
}

/** Everything after `afterMs` until `untilMs`, that one included. */
export function totalOf({ flat, lastMs }: Series, shape: SeriesShape, afterMs: number, untilMs: number): Total {
  const { channels } = shape
  const size = sizeOf(shape)
  const weights = channels.map(() => 0)
  const total: Total = { count: 0, firstMs: untilMs, lastMs: afterMs, weights }
  let to = lastMs
  for (let at = flat.length - size; at >= 0 && to > afterMs; at -= size) {
    if (to <= untilMs) {
      const from = to - (flat[at + 1] ?? 0)
      const share = from > afterMs ? 1 : (to - afterMs) / (to - from)
      total.count += (flat[at + 2] ?? 0) * share
      total.firstMs = Math.min(total.firstMs, Math.max(from, afterMs + 1))
      total.lastMs = Math.max(total.lastMs, to)
      for (let channel = 0; channel < channels.length; channel += 1) {
        const weight = flat[at + 3 + channel] ?? 0
        const before = weights[channel] ?? 0
        weights[channel] = channels[channel] === 'sum' ? before + weight * share : Math.max(before, weight)
      }
    }
    to -= flat[at] ?? 0
  }
  return total
}

/** Times of points after one time and before another, in their order. */
export function timesBetween(
  { flat }: Series,
  shape: SeriesShape,
  afterMs: number,
  beforeMs: number,
): readonly number[] {
  const times: number[] = []
  let to = 0
  for (let at = 0; at < flat.length; at += sizeOf(shape)) {
    to += flat[at] ?? 0
    if (to > afterMs && to < beforeMs) times.push(to)
  }
  return times
}

export function readSeries(json: unknown, shape: SeriesShape): Series {
  const size = sizeOf(shape)
  if (!Array.isArray(json)) return { flat: [], lastMs: 0 }
  let lastMs = 0
  for (let at = 0; at < json.length; at += 1) {
    const one: unknown = json[at]
    if (typeof one !== 'number') return { flat: [], lastMs: 0 }
    if (at % size === 0 && at + size <= json.length) lastMs += one
  }
  return { flat: json.slice(0, json.length - (json.length % size)), lastMs }
}

export const writeSeries = ({ flat }: Series): number[] => flat.slice()
