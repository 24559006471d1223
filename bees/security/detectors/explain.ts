import type { Part, PointResult } from './stream.ts'
import type { SignalName } from './tables.ts'

/** A result in plain data, for people. */
export interface Explanation {
  readonly expected: { readonly low: number; readonly high: number } | null
  readonly came: number | null
  readonly timeMs: number
  readonly sinceMs: number | null
  readonly score: number
  readonly threshold: number
  /** Strongest first; `times` is how many times rarer than 1 in 100 the signal's value is. */
  readonly reasons: readonly { readonly signal: SignalName; readonly meaning: string; readonly times: number }[]
  /** One sentence. */
  readonly text: string
}

const meanings: Readonly<Record<SignalName, string>> = {
  off_hour: 'unusually far from what this hour of the day brings',
  off_hour_lasting: 'for ten points on average unusually far from what their hours bring',
  new_shape: 'the last eight points look like no stretch before',
  off_trend: 'further from its slow average than ever before',
  new_level: 'the median of nine points is at a level not seen for long',
  new_mix: 'the last fifty points are spread over high and low values as never before',
  new_restlessness: 'it jumps from point to point more (or less) than ever before',
  new_level_lasting: 'the mean of thirty points is at a level not seen for long',
}

/** What was expected, what came, since when, and why it counts. Works for every result, also for points that alert nobody. */
export function explain(result: PointResult): Explanation {
  const { expected, value, timeMs, sinceMs, score, threshold, parts } = result
  const reasons = parts.map(({ signal, evidence }) => ({
    signal,
    meaning: meanings[signal],
    times: Number((10 ** evidence).toPrecision(2)),
  }))
  return { expected, came: value, timeMs, sinceMs, score, threshold, reasons, text: sentence(result, parts) }
}

function sentence(result: PointResult, parts: readonly Part[]): string {
  if (result.outcome === 'missing') return 'No value came.'
  if (result.outcome === 'late') return 'The point is not newer than the newest one and was not judged.'
  if (result.learning) return 'The stream is still being learnt; nothing is judged yet.'
  const { expected, value, sinceMs } = result
  const range = expected ? `between ${short(expected.low)} and ${short(expected.high)}` : 'nothing in particular'
  const strongest = parts[0]
  if (!strongest || value === null) return `Expected ${range}, got ${short(value ?? 0)}: nothing unusual.`
  const since = sinceMs === null ? '' : `, since ${new Date(sinceMs).toISOString()}`
  return `Expected ${range}, got ${short(value)}: ${meanings[strongest.signal]}${since}.`
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)))
}
