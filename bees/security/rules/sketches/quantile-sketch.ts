/**
 * Quantiles of positive numbers within 10 %: counts in buckets that grow by a fifth (the idea of DDSketch; Masson, Rim, Lee
 * 2019). At most 64 buckets: the lowest run together, so that high quantiles stay exact to the promise.
 */
const growth = Math.log(1.2)
const mostBuckets = 64

export interface QuantileSketch {
  /** Bucket -> how often. */
  readonly buckets: Map<number, number>
  total: number
}

export function emptySketch(): QuantileSketch {
  return { buckets: new Map(), total: 0 }
}

/** @param value above 0; anything else is left out */
export function addValue(sketch: QuantileSketch, value: number): void {
  if (!(value > 0) || !Number.isFinite(value)) return
  const index = Math.ceil(Math.log(value) / growth)
  sketch.buckets.set(index, (sketch.buckets.get(index) ?? 0) + 1)
  sketch.total += 1
  if (sketch.buckets.size <= mostBuckets) return
  const [first = 0, second = 0] = [...sketch.buckets.keys()].sort((a, b) => a - b)
  sketch.buckets.set(second, (sketch.buckets.get(second) ?? 0) + (sketch.buckets.get(first) ?? 0))
  sketch.buckets.delete(first)
}

/** @returns 0 for sketches without values */
export function quantileOf(sketches: readonly QuantileSketch[], share: number): number {
  const counts = new Map<number, number>()
  let total = 0
  for (const { buckets, total: part } of sketches) {
    total += part
    for (const [index, count] of buckets) counts.set(index, (counts.get(index) ?? 0) + count)
  }
  if (total === 0) return 0
  let left = Math.ceil(share * total)
  for (const index of [...counts.keys()].sort((a, b) => a - b)) {
    left -= counts.get(index) ?? 0
    if (left <= 0) return Math.exp((index - 0.5) * growth)
  }
  return 0
}

/** Flat pairs by bucket: the same contents give the same text, in whatever order they came. */
export function writeSketch(sketch: QuantileSketch): number[] {
  return [...sketch.buckets].sort(([a], [b]) => a - b).flat()
}

export function readSketch(flat: unknown): QuantileSketch {
  const sketch = emptySketch()
  if (!Array.isArray(flat)) return sketch
  for (let at = 0; at + 1 < flat.length; at += 2) {
    const index: unknown = flat[at]
    const count: unknown = flat[at + 1]
    if (typeof index !== 'number' || typeof count !== 'number') continue
    sketch.buckets.set(index, count)
    sketch.total += count
  }
  return sketch
}
