import { createHash } from 'node:crypto'
import { type Json, z } from '../../../src/bee/index.ts'
import {
  DetectorError,
  defaultOptions,
  explain,
  openStream,
  type PointResult,
  type Stream,
  type StreamOptions,
} from '../detectors/index.ts'
import { type Finding, type Severity, severities } from '../findings.ts'
import { labelOf, leastOf } from './stream-kinds.ts'

/** Id of the rule that findings about streams carry, and under which a tenant sets them. */
export const anomalyRule = 'metric_stream'
/** Number of the detection that both a rule and this belong to. */
export const anomalyDetection = 30
const minuteMs = 60_000
/** Zeros that one look fills in at most: three and a half days of minutes. */
const mostMinutes = 5_000

/** A stream with its new points, as security.due_streams gives it. */
export const dueStream = z.object({
  tenant: z.string(),
  tenant_version: z.int(),
  stream: z.string(),
  kind: z.enum(['count', 'value']),
  version: z.int(),
  state: z.unknown(),
  last_ms: z.number(),
  complete_ms: z.number(),
  points: z.array(z.tuple([z.number(), z.number()])),
})
export type DueStream = z.output<typeof dueStream>

/** What a tenant may set; the rest of the reasoning is the detector's. */
export const streamSettings = z.object({
  /** Points that are learnt from before anything is judged. */
  learn_points: z.int().min(1).max(1_000_000).default(1440),
  /** Points after an anomaly that raise none. */
  refractory_points: z.int().min(0).max(1_000_000).default(120),
  /** Evidence from which a point is an anomaly; null: the detector's own. */
  evidence: z.number().positive().nullable().default(null),
})
export type StreamSettings = z.output<typeof streamSettings>

/** An anomaly as a person is told of it. */
export const anomaly = z.object({
  tenant: z.string(),
  stream: z.string(),
  time_ms: z.number(),
  severity: z.enum(severities),
  /** Where 99 of 100 points were before. */
  expected: z.object({ low: z.number(), high: z.number() }).nullable(),
  came: z.number(),
  /** When what is unusual began. */
  since_ms: z.number(),
  evidence: z.number(),
  threshold: z.number(),
  /** Why, the strongest first. */
  reasons: z.array(z.object({ signal: z.string(), meaning: z.string(), times: z.number() })),
  explanation: z.string(),
})
export type Anomaly = z.output<typeof anomaly>

export interface JudgedStream {
  readonly state: Json
  /** Time of the last point that was seen. */
  readonly lastMs: number
  readonly points: number
  readonly learning: boolean
  readonly anomalies: readonly Anomaly[]
  readonly findings: readonly Finding[]
  /** The stored state was of another version or broken: it learns from the beginning. */
  readonly isNew: boolean
}

/** Shows a stream's new points to its detector. Pure: the same points in other portions come to the same. */
export function judgeStream(
  due: DueStream,
  settings: StreamSettings,
  isQuiet: boolean,
  mostPoints: number,
): JudgedStream {
  const { learn_points: learnPoints, refractory_points: refractoryPoints, evidence } = settings
  const options: StreamOptions = {
    ...{ ...defaultOptions, learnPoints, refractoryPoints },
    ...(evidence === null ? {} : { threshold: evidence }),
  }
  const { stream, isNew } = open(options, due.state)
  const anomalies: Anomaly[] = []
  const findings: Finding[] = []
  let learning = true
  let lastMs = due.last_ms
  let points = 0
  for (const [timeMs, value] of pointsFor(due, mostPoints)) {
    const result = stream.push({ timeMs, value })
    learning = result.learning
    lastMs = timeMs
    points += 1
    const found = result.alert ? anomalyOf(due, result) : undefined
    if (found === undefined) continue
    anomalies.push(found)
    findings.push(findingOf(due, found, isQuiet))
  }
  return { state: stream.toJSON() as unknown as Json, lastMs, points, learning, anomalies, findings, isNew }
}

function open(options: StreamOptions, state: unknown): { readonly stream: Stream; readonly isNew: boolean } {
  if (state === null || state === undefined) return { stream: openStream(options), isNew: false }
  try {
    return { stream: openStream(options, state), isNew: false }
  } catch (thrown) {
    if (!(thrown instanceof DetectorError)) throw thrown
    return { stream: openStream(options), isNew: true }
  }
}

/** The points in order; in a count every minute has one, which is 0 where nothing happened. */
function pointsFor(due: DueStream, mostPoints: number): readonly (readonly [number, number])[] {
  const { kind, points, last_ms: lastMs, complete_ms: completeMs } = due
  if (kind === 'value') return points
  const first = lastMs > 0 ? lastMs + minuteMs : points[0]?.[0]
  if (first === undefined) return []
  // Of a full portion nothing is known behind its last point.
  const end = points.length >= mostPoints ? (points.at(-1)?.[0] ?? completeMs) : completeMs
  const values = new Map(points)
  const filled: [number, number][] = []
  for (let timeMs = first; timeMs <= end && filled.length < mostMinutes; timeMs += minuteMs) {
    filled.push([timeMs, values.get(timeMs) ?? 0])
  }
  return filled
}

/** @returns undefined for what is unusual and of no importance: a little of something, or less than usual of what is counted */
function anomalyOf(due: DueStream, result: PointResult): Anomaly | undefined {
  const { value, expected } = result
  if (value === null) return undefined
  if (due.kind === 'count' && (value < leastOf(due.stream) || (expected !== null && value <= expected.high)))
    return undefined
  const told = explain(result)
  return {
    tenant: due.tenant,
    stream: due.stream,
    time_ms: result.timeMs,
    severity: severityOf(due, value, expected),
    expected,
    came: value,
    since_ms: result.sinceMs ?? result.timeMs,
    evidence: Math.round(result.score * 1000) / 1000,
    threshold: result.threshold,
    reasons: told.reasons.map((reason) => ({ ...reason })),
    explanation: `${labelOf(due.stream)}: ${told.text}`,
  }
}

/** A number alone calls nobody out of bed; a flood is worth a look. */
function severityOf(due: DueStream, value: number, expected: Anomaly['expected']): Severity {
  if (due.kind === 'value' || expected === null) return 'low'
  return value >= 3 * Math.max(expected.high, leastOf(due.stream)) ? 'medium' : 'low'
}

function findingOf(due: DueStream, found: Anomaly, isQuiet: boolean): Finding {
  const { tenant, stream, expected } = found
  const text = JSON.stringify([tenant, anomalyRule, stream, found.time_ms])
  return {
    key: createHash('sha256').update(text, 'utf8').digest('hex').slice(0, 40),
    tenant,
    rule: anomalyRule,
    ruleVersion: 1,
    detection: anomalyDetection,
    title: `Unusual: ${labelOf(stream)}`,
    severity: found.severity,
    confidence: 'low',
    entity: { kind: 'stream', id: stream },
    related: [],
    timeMs: found.time_ms,
    firstMs: Math.min(found.since_ms, found.time_ms),
    events: due.kind === 'count' ? Math.round(found.came) : 1,
    evidence: [],
    facts: {
      came: found.came,
      evidence: found.evidence,
      ...(expected === null ? {} : { expected_low: expected.low, expected_high: expected.high }),
    },
    explanation: found.explanation,
    attack: [],
    response: null,
    risk: found.severity === 'medium' ? 15 : 5,
    quiet: isQuiet,
  }
}
