/**
 * Events of a group over time: exact points while they are few; when there are more than `most`, the older half is run together
 * into slots of a fixed grid. A threshold of up to half of `most` is therefore met exactly; beyond it the oldest slot of
 * a window counts in proportion, an error of at most one slot (1/24 of what is kept).
 */
export interface Point {
  /** First and last time of what it stands for. */
  from: number
  to: number
  count: number
  /** One number a channel. */
  readonly weights: number[]
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

const slotsKept = 24
export const fewestPoints = 64
export const mostPoints = 256

/** Adds an event at its place in time. */
export function addPoint(points: Point[], shape: SeriesShape, timeMs: number, weights: number[], markMs: number): void {
  let at = points.length
  while (at > 0 && (points[at - 1]?.to ?? 0) > timeMs) at -= 1
  points.splice(at, 0, { from: timeMs, to: timeMs, count: 1, weights })
  let gone = 0
  while (gone < points.length && (points[gone]?.to ?? 0) <= markMs - shape.keptMs) gone += 1
  if (gone > 0) points.splice(0, gone)
  if (points.length > shape.most) coalesce(points, shape)
}

function coalesce(points: Point[], shape: SeriesShape): void {
  const slotMs = Math.ceil(shape.keptMs / slotsKept)
  const half = points.splice(0, points.length >> 1)
  const merged: Point[] = []
  for (const point of half) {
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
  points.unshift(...merged)
}

/** Everything after `afterMs` until `untilMs`, that one included. */
export function totalOf(points: readonly Point[], shape: SeriesShape, afterMs: number, untilMs: number): Total {
  const total: Total = { count: 0, firstMs: untilMs, lastMs: afterMs, weights: shape.channels.map(() => 0) }
  for (let at = points.length - 1; at >= 0; at--) {
    const point = points[at]
    if (point === undefined || point.to > untilMs) continue
    if (point.to <= afterMs) break
    const share = point.from > afterMs ? 1 : (point.to - afterMs) / (point.to - point.from)
    total.count += point.count * share
    total.firstMs = Math.min(total.firstMs, Math.max(point.from, afterMs + 1))
    total.lastMs = Math.max(total.lastMs, point.to)
    for (const [channel, kind] of shape.channels.entries()) {
      const weight = point.weights[channel] ?? 0
      const before = total.weights[channel] ?? 0
      total.weights[channel] = kind === 'sum' ? before + weight * share : Math.max(before, weight)
    }
  }
  return total
}

/** Flat numbers: time since the point before, length, count, weights. */
export function writePoints(points: readonly Point[]): number[] {
  const flat: number[] = []
  let before = 0
  for (const { from, to, count, weights } of points) {
    flat.push(to - before, to - from, count, ...weights)
    before = to
  }
  return flat
}

export function readPoints(flat: unknown, channels: number): Point[] {
  const points: Point[] = []
  if (!Array.isArray(flat) || !flat.every((one) => typeof one === 'number')) return points
  const size = 3 + channels
  let before = 0
  for (let at = 0; at + size <= flat.length; at += size) {
    const to = before + Number(flat[at])
    const weights = flat.slice(at + 3, at + size).map(Number)
    points.push({ from: to - Number(flat[at + 1]), to, count: Number(flat[at + 2]), weights })
    before = to
  }
  return points
}
