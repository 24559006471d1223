import type { Flow, Node } from './flow.ts'
import {
  absolute,
  change,
  difference,
  divergence,
  forecast,
  level,
  movingMean,
  movingMedian,
  nearestShape,
  profile,
  rangeNovelty,
  standardised,
  tailHistogram,
} from './parts/index.ts'
import { type SignalName, signalTables } from './tables.ts'

export interface Signal {
  readonly name: SignalName
  readonly node: Node
  /** Values by tail, see `evidence`. */
  readonly knots: readonly number[]
}

export interface Signals {
  readonly all: readonly Signal[]
  /** What the hour usually brings, relative to the first value of the stream. */
  readonly usual: Node
  /** How far from that the given share of all points lies, or further. */
  readonly offBy: (share: number) => number
}

/** The eight signals of a stream. Their order is the layout of the state: changing it is a new version of the state. */
export function buildSignals(flow: Flow): Signals {
  const value = level(flow)
  const usual = profile(flow, 'day', 150)
  const offHour = difference(flow, value, usual)
  const offHourTail = tailHistogram(flow, offHour)
  const nodes: Readonly<Record<SignalName, Node>> = {
    off_hour: offHourTail.node,
    off_hour_lasting: tailHistogram(flow, movingMean(flow, offHour, 10)).node,
    new_shape: tailHistogram(flow, nearestShape(flow, value, 8, 500)).node,
    off_trend: rangeNovelty(flow, difference(flow, value, forecast(flow, value, 300))),
    new_level: rangeNovelty(flow, movingMedian(flow, value, 9), 5000),
    new_mix: rangeNovelty(flow, divergence(flow, standardised(flow, value, 1000), 50, 2000)),
    new_restlessness: rangeNovelty(flow, movingMean(flow, absolute(flow, change(flow, value)), 30)),
    new_level_lasting: rangeNovelty(flow, movingMean(flow, value, 30), 5000),
  }
  const all = signalTables.map(([name, knots]) => ({ name, knots, node: nodes[name] }))
  return { all, usual, offBy: offHourTail.reachedBy }
}
