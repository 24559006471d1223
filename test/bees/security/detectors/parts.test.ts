import { describe, expect, it } from 'vitest'
import { evidence, tableTails } from '../../../../bees/security/detectors/evidence.ts'
import {
  change,
  divergence,
  type Flow,
  forecast,
  level,
  movingMean,
  movingMedian,
  movingSpread,
  type Node,
  nearestShape,
  newFlow,
  newMemory,
  profile,
  rangeNovelty,
  standardised,
  tailHistogram,
} from '../../../../bees/security/detectors/parts/index.ts'
import { seededRandom } from '../../../support/index.ts'

const fiveMinutesMs = 300_000

/** What a node gives for these values, a point every five minutes from 1970 on. */
function through(values: readonly number[], build: (flow: Flow) => Node, stepMs = fiveMinutesMs): number[] {
  const flow = newFlow(newMemory())
  const node = build(flow)
  return values.map((value, index) => {
    Object.assign(flow.arrival, { value: Math.fround(value), timeMs: index * stepMs, index })
    flow.run()
    return node.value
  })
}

function randomWalk(points: number): number[] {
  const random = seededRandom()
  let at = 0
  return Array.from({ length: points }, () => {
    at = 0.9 * at + random.next() - 0.5
    return Math.fround(at)
  })
}

describe('moving figures', () => {
  const values = randomWalk(200)
  const last = (row: number, length: number) => values.slice(Math.max(0, row + 1 - length), row + 1)

  it('are those of the last values', () => {
    const mean = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0) / list.length
    const median = through(values, (flow) => movingMedian(flow, level(flow), 9))
    const means = through(values, (flow) => movingMean(flow, level(flow), 10))
    const spreads = through(values, (flow) => movingSpread(flow, level(flow), 10))
    const changes = through(values, (flow) => change(flow, level(flow)))
    values.forEach((value, row) => {
      const nine = last(row, 9).toSorted((a, b) => a - b)
      expect(median[row]).toBe(nine[nine.length >> 1])
      const ten = last(row, 10)
      expect(means[row]).toBeCloseTo(mean(ten), 6)
      expect(spreads[row]).toBeCloseTo(Math.sqrt(mean(ten.map((own) => (own - mean(ten)) ** 2))), 5)
      expect(changes[row]).toBeCloseTo(row === 0 ? 0 : value - (values[row - 1] ?? 0), 12)
    })
  })

  it('forecasts by what came before, the point itself not included', () => {
    expect(through([4, 8, 0], (flow) => forecast(flow, level(flow), 300))).toEqual([4, 4, 6])
  })

  it('standardises by what came before, within ±20', () => {
    const z = through([0, 2, 0, 2, 0, 2, 0, 2, 1e6], (flow) => standardised(flow, level(flow), 1000))
    expect(z[0]).toBe(0)
    expect(z[1]).toBe(20)
    expect(z[7]).toBeCloseTo((2 - 6 / 7) / Math.sqrt(48 / 49), 9)
    expect(z[8]).toBe(20)
  })
})

describe('rangeNovelty', () => {
  const novelty = (values: readonly number[], halfLife?: number) =>
    through(values, (flow) => rangeNovelty(flow, level(flow), halfLife))

  it('is the distance outside in units of the range', () => {
    expect(novelty([0, 10, 5, 12, 12, -6, 400])).toEqual([0, 1, 0, 0.2, 0, 0.5, 10])
  })

  it('forgets by half in a half-life, and nothing without one', () => {
    const quiet = [0, 8, ...new Array(100).fill(4)]
    expect(novelty([...quiet, 8]).at(-1)).toBe(0)
    // The bounds went from 0..8 to about 2..6.
    expect(novelty([...quiet, 7], 100).at(-1)).toBeCloseTo(1 / 4, 1)
  })
})

describe('tailHistogram', () => {
  it('gives the share of earlier points that were as large', () => {
    const random = seededRandom()
    const values = Array.from({ length: 4000 }, () => Math.fround(Math.exp(3 * (random.next() - 0.5))))
    const rarity = through(values, (flow) => tailHistogram(flow, level(flow), 1e9).node)
    for (let row = 1000; row < 4000; row += 100) {
      const value = values[row] ?? 0
      const larger = values.slice(0, row).filter((own) => own >= value).length
      // Within the last half-octave, about one value in eight here, the bins know only that it is rare.
      if (larger < row / 6) expect(rarity[row]).toBeGreaterThan(0.6)
      else expect(Math.abs((rarity[row] ?? 0) + Math.log10((larger + 0.5) / (row + 1)))).toBeLessThan(0.15)
    }
  })

  it('goes on for ever: weights that grow are scaled back', () => {
    const rarity = through(randomWalk(20_000), (flow) => tailHistogram(flow, level(flow), 5).node)
    expect(rarity.every((value) => Number.isFinite(value) && value >= 0 && value < 2)).toBe(true)
    expect(new Set(rarity.slice(-1000)).size).toBeGreaterThan(500)
  })

  it('forgets: what was common long ago is rare now', () => {
    const values = [...new Array(1000).fill(8), ...new Array(5000).fill(1), 8]
    expect(through(values, (flow) => tailHistogram(flow, level(flow), 300).node).at(-1)).toBeGreaterThan(2.5)
    expect(through(values, (flow) => tailHistogram(flow, level(flow), 1e9).node).at(-1)).toBeLessThan(1)
  })

  it('knows what a share reaches', () => {
    const flow = newFlow(newMemory())
    const { reachedBy } = tailHistogram(flow, level(flow))
    expect(reachedBy(0.01)).toBe(0)
    for (let index = 0; index < 1000; index++) {
      Object.assign(flow.arrival, { value: index % 100 === 0 ? 60 : 1.1, index })
      flow.run()
    }
    expect(reachedBy(0.05)).toBeLessThan(1.5)
    expect(reachedBy(0.005)).toBeGreaterThan(59)
    expect(reachedBy(0.005)).toBeLessThan(91)
  })
})

describe('nearestShape', () => {
  it('is the distance to the nearest earlier stretch that does not overlap', () => {
    const values = randomWalk(120)
    const [length, stored] = [4, 40]
    const found = through(values, (flow) => nearestShape(flow, level(flow), length, stored))
    for (let row = 3 * length; row < values.length; row++) {
      const oldest = Math.max(0, row + 1 - stored)
      let best = Number.POSITIVE_INFINITY
      for (let end = oldest + length - 1; end <= row - length; end++) {
        let sum = 0
        for (let back = 0; back < length; back++) sum += ((values[end - back] ?? 0) - (values[row - back] ?? 0)) ** 2
        best = Math.min(best, Math.sqrt(sum / length))
      }
      expect(found[row]).toBeCloseTo(best, 6)
    }
  })

  it('is 0 for what repeats and speaks only after three lengths', () => {
    const wave = Array.from({ length: 100 }, (_, row) => row % 10)
    expect(
      through(wave, (flow) => nearestShape(flow, level(flow), 8, 50))
        .slice(30)
        .every((value) => value === 0),
    ).toBe(true)
    expect(
      through([0, 9, 1, 7, 2, 8, 3, 6, 5, 4, 1], (flow) => nearestShape(flow, level(flow), 4, 50)).every(
        (value) => value === 0,
      ),
    ).toBe(true)
  })
})

describe('divergence', () => {
  it('is 0 while recent and long run agree, 1 bit when they have nothing in common', () => {
    const constant = through(new Array(200).fill(0.1), (flow) => divergence(flow, level(flow), 50, 1e9))
    expect(Math.max(...constant)).toBeLessThan(1e-5)
    const turned = through([...new Array(100_000).fill(-2), ...new Array(50).fill(2)], (flow) =>
      divergence(flow, level(flow), 50, 1e9),
    )
    expect(turned.at(-1)).toBeGreaterThan(0.98)
    expect(turned.at(-1)).toBeLessThanOrEqual(1)
  })
})

describe('profile', () => {
  const hourMs = 3_600_000

  it('expects what the hour brought, days and weekend apart', () => {
    // From Thursday, 1 January 1970; one point an hour: the value is the hour, 100 more on Saturday and Sunday.
    const weekend = (row: number) => [2, 3].includes(Math.floor(row / 24) % 7)
    const values = Array.from({ length: 24 * 21 }, (_, row) => (row % 24) + (weekend(row) ? 100 : 0))
    const expected = through(values, (flow) => profile(flow, 'day', 150), hourMs)
    expect(expected.slice(24 * 4)).toEqual(values.slice(24 * 4))
    const weekly = through(values, (flow) => profile(flow, 'week', 60), hourMs)
    expect(weekly.slice(24 * 7)).toEqual(values.slice(24 * 7))
  })

  it('expects the mean of the stream from an hour that was never seen', () => {
    expect(through([6, 2, 4], (flow) => profile(flow, 'day', 150), hourMs)).toEqual([0, 6, 4])
  })
})

describe('evidence', () => {
  const knots = tableTails.map((tail) => tail * 10)

  it('is 0 up to 1 in 100, then the decades beyond, at most 3', () => {
    expect([-5, 0, 20, 22.5, 30, 31.25, 50, 1e9].map((value) => evidence(value, knots))).toEqual([
      0, 0, 0, 0.25, 1, 1.125, 3, 3,
    ])
    expect(evidence(Number.NaN, knots)).toBe(0)
  })

  it('takes knots that are equal', () => {
    const flat = [0, 0, 0, 4, 4, 4, 8, 8, 8, 8, 8, 8, 8]
    expect(evidence(1e-9, flat)).toBeCloseTo(0.5, 6)
    expect(evidence(4, flat)).toBe(0.75)
    expect(evidence(8, flat)).toBe(1.5)
    expect(evidence(9, flat)).toBe(3)
  })
})
