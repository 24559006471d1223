import { type SecurityEvent, status } from '../events/event.ts'

/** A point of a metric stream, as security.points keeps it. */
export interface Point {
  readonly stream: string
  /** count: events (or money) in the minute that begins at `timeMs`, to be added up. value: a metric's own. */
  readonly kind: 'count' | 'value'
  readonly timeMs: number
  readonly value: number
}

const minuteMs = 60_000
const longestName = 300

/** What is counted by the minute for every tenant, whatever the rules are. Streams of one minute each, 0 without events. */
const counted: readonly { readonly name: string; readonly of: (event: SecurityEvent) => number }[] = [
  { name: 'logins', of: (event) => one(event.action === 'login' && event.status_id === status.success) },
  { name: 'login_failures', of: (event) => one(event.action === 'login' && event.status_id === status.failure) },
  { name: 'signups', of: (event) => one(event.action === 'signup') },
  { name: 'messages_sent', of: (event) => one(event.action === 'otp_send' || event.action === 'recovery_request') },
  { name: 'server_errors', of: (event) => one((event.status_code ?? 0) >= 500) },
  {
    name: 'spend',
    of: (event) => (event.action === 'payment_attempt' && event.status_id === status.success ? (event.amount ?? 0) : 0),
  },
]

const one = (holds: boolean): number => (holds ? 1 : 0)

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
      const stream = `metric:${event.metric}`.slice(0, longestName)
      put({ stream, kind: 'value', timeMs: event.time, value: event.value })
      continue
    }
    const timeMs = event.time - (event.time % minuteMs)
    for (const { name, of } of counted) {
      const value = of(event)
      if (value > 0) put({ stream: name, kind: 'count', timeMs, value })
    }
  }
  return [...points.values()]
}
