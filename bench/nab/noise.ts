import { defaultOptions, openStream } from '../../bees/security/detectors/index.ts'

/** mulberry32, public domain. */
function uniform(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

type Source = (next: () => number) => (row: number) => number

const normal = (next: () => number) => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
const wave = (row: number) => Math.sin((2 * Math.PI * row) / 288)

function count(next: () => number, mean: number): number {
  let [events, product] = [-1, 1]
  const floor = Math.exp(-mean)
  while (product > floor) {
    product *= next()
    events++
  }
  return events
}

/** Streams in which nothing happens: every alert is false. A point every five minutes. */
const sources: Readonly<Record<string, Source>> = {
  'normal noise': (next) => () => normal(next),
  'daily wave with noise': (next) => (row) => 100 + 50 * wave(row) + 3 * normal(next),
  'counts, 2 on average': (next) => () => count(next, 2),
  'counts with a daily wave': (next) => (row) => count(next, 33 + 30 * wave(row)),
  'heavy tails (log-normal)': (next) => () => Math.exp(normal(next)),
  'wandering (autoregressive 0.99)': (next) => {
    let at = 0
    return () => {
      at = 0.99 * at + normal(next)
      return at
    }
  },
}

/** False alerts per 10 000 judged points, by kind of noise: ten seeded streams of 20 000 points each. */
export function noiseAlerts(threshold: number): readonly (readonly [string, number])[] {
  const [streams, points] = [10, 20_000]
  return Object.entries(sources).map(([name, source]) => {
    let alerts = 0
    for (let seed = 1; seed <= streams; seed++) {
      const valueAt = source(uniform(seed))
      const stream = openStream({ ...defaultOptions, threshold })
      for (let row = 0; row < points; row++) {
        if (stream.push({ timeMs: row * 300_000, value: valueAt(row) }).alert) alerts++
      }
    }
    return [name, (1e4 * alerts) / (streams * (points - defaultOptions.learnPoints))]
  })
}
