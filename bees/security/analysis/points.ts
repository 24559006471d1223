import type { SecurityEvent } from '../events/event.ts'
import { countedStreams, metricPrefix } from './stream-kinds.ts'

/** A point of a metric stream, as security.points keeps it. */
export interface Point {
  readonly stream: string
  /** count: what happened in the minute that begins at `timeMs`, to be added up. value: a metric's own. */
  readonly kind: 'count' | 'value'
  readonly timeMs: number
  readonly value: number
}

const minuteMs = 60_000
/** In bytes, as the table allows it. */
const longestName = 320

/** What the events of a batch add to the metric streams, each stream and time once, in order. */
export function pointsOf(events: readonly SecurityEvent[]): readonly Point[] {
  const points = new Map<string, Point>()
  const put = (point: Point) => {
    const key = `${point.timeMs}|${point.stream}`
    const before = point.kind === 'count' ? (points.get(key)?.value ?? 0) : 0
    points.set(key, { ...point, value: before + point.value })
  }
  for (const event of events) {
    if (event.blocked === true) continue
    if (event.action === 'metric') {
      if (event.metric === undefined || event.value === undefined) continue
      const stream = `${metricPrefix}${event.metric}`
      if (Buffer.byteLength(stream, 'utf8') > longestName) continue
      put({ stream, kind: 'value', timeMs: event.time, value: event.value })
      continue
    }
    const timeMs = event.time - (event.time % minuteMs)
    for (const { name, of } of countedStreams) {
      const value = of(event)
      if (value > 0) put({ stream: name, kind: 'count', timeMs, value })
    }
  }
  return [...points.values()]
}
