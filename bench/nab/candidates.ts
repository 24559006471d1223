import {
  absolute,
  change,
  difference,
  divergence,
  type Flow,
  forecast,
  level,
  movingMean,
  movingMedian,
  movingSpread,
  type Node,
  nearestShape,
  profile,
  rangeNovelty,
  standardised,
  tailHistogram,
} from '../../bees/security/detectors/parts/index.ts'
import { autoregression } from './parts/autoregression.ts'
import { likelihood } from './parts/likelihood.ts'

/** The whole pool from which signals were, and in each fold are again, chosen. */
export function candidates(flow: Flow): readonly Node[] {
  const value = level(flow)
  const z = standardised(flow, value, 1000)
  const byDay = difference(flow, value, profile(flow, 'day', 150))
  const byWeek = difference(flow, value, profile(flow, 'week', 60))
  const slow = difference(flow, value, forecast(flow, value, 300))
  const fast = difference(flow, value, forecast(flow, value, 20))
  const delta = change(flow, value)
  const arError = autoregression(flow, z)
  const novelties: readonly Node[] = [
    value,
    movingMedian(flow, value, 9),
    movingMean(flow, value, 10),
    movingMean(flow, value, 30),
    movingMean(flow, value, 100),
    movingSpread(flow, value, 30),
    movingSpread(flow, value, 100),
    byDay,
    movingMean(flow, byDay, 10),
    movingMean(flow, byDay, 30),
    movingSpread(flow, byDay, 30),
    byWeek,
    movingMean(flow, byWeek, 10),
    slow,
    movingMean(flow, slow, 10),
    fast,
    delta,
    movingMean(flow, arError, 10),
    movingMean(flow, arError, 30),
    divergence(flow, z, 50, 2000),
    divergence(flow, z, 100, 4000),
    movingMean(flow, absolute(flow, delta), 30),
  ]
  const shapes: readonly Node[] = [nearestShape(flow, value, 8, 500), nearestShape(flow, value, 16, 500)]
  return [
    ...novelties.flatMap((node) => [
      rangeNovelty(flow, node, 5000),
      rangeNovelty(flow, node, 20_000),
      rangeNovelty(flow, node),
    ]),
    ...[byDay, byWeek, slow, fast, delta, arError, value].map((node) => tailHistogram(flow, node).node),
    tailHistogram(flow, movingMean(flow, byDay, 10)).node,
    tailHistogram(flow, movingSpread(flow, value, 30)).node,
    ...shapes.flatMap((node) => [
      tailHistogram(flow, node).node,
      rangeNovelty(flow, node, 5000),
      rangeNovelty(flow, node, 20_000),
    ]),
    likelihood(flow, absolute(flow, fast)),
    likelihood(flow, arError),
    likelihood(flow, nearestShape(flow, value, 8, 500)),
  ]
}
