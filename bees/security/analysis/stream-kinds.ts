import { type SecurityEvent, status } from '../events/event.ts'

/** A metric that is counted by the minute for every tenant, whatever the rules are. */
export interface CountedStream {
  readonly name: string
  /** What it counts, for a person. */
  readonly label: string
  /** What an event adds to its minute. */
  readonly of: (event: SecurityEvent) => number
  /** Less than this in a minute is no finding, however unusual. */
  readonly least: number
}

const one = (holds: boolean): number => (holds ? 1 : 0)

export const countedStreams: readonly CountedStream[] = [
  {
    name: 'logins',
    label: 'Successful logins a minute',
    of: (event) => one(event.action === 'login' && event.status_id === status.success),
    least: 30,
  },
  {
    name: 'login_failures',
    label: 'Failed logins a minute',
    of: (event) => one(event.action === 'login' && event.status_id === status.failure),
    least: 20,
  },
  { name: 'signups', label: 'Sign-ups a minute', of: (event) => one(event.action === 'signup'), least: 10 },
  {
    name: 'messages_sent',
    label: 'Codes and recovery messages a minute',
    of: (event) => one(event.action === 'otp_send' || event.action === 'recovery_request'),
    least: 15,
  },
  {
    name: 'server_errors',
    label: 'Server errors a minute',
    of: (event) => one((event.status_code ?? 0) >= 500),
    least: 20,
  },
  {
    name: 'spend',
    label: 'Payments a minute, in minor units',
    of: (event) => (event.action === 'payment_attempt' && event.status_id === status.success ? (event.amount ?? 0) : 0),
    least: 50_000,
  },
]

/** Streams of metrics that come as points of their own begin with this. */
export const metricPrefix = 'metric:'

/** What a stream measures, for a person. */
export function labelOf(stream: string): string {
  if (stream.startsWith(metricPrefix)) return `The metric ${stream.slice(metricPrefix.length)}`
  return countedStreams.find(({ name }) => name === stream)?.label ?? stream
}

export const leastOf = (stream: string): number => countedStreams.find(({ name }) => name === stream)?.least ?? 0
