import { DetectorError } from './errors.ts'
import { evidence } from './evidence.ts'
import { newFlow } from './flow.ts'
import { newMemory } from './memory.ts'
import { buildSignals } from './signals.ts'
import { parseState, type StreamState, stateVersion } from './state.ts'
import type { SignalName } from './tables.ts'

export interface StreamOptions {
  /** Points at the start that are learnt from and never alerted on; whole number from 1. */
  readonly learnPoints: number
  /** After an alert this many points raise none; whole number from 0. */
  readonly refractoryPoints: number
  /** Evidence from which a point alerts; default `defaultThreshold`. */
  readonly threshold?: number | undefined
}

/** One measurement. `value` null, NaN or infinite: missing. */
export interface Point {
  readonly timeMs: number
  readonly value: number | null
}

/** Evidence of one signal in decades of rarity beyond 1 in 100. */
export interface Part {
  readonly signal: SignalName
  readonly evidence: number
}

export interface PointResult {
  readonly timeMs: number
  readonly value: number | null
  /** `missing`: no finite value or time. `late`: not after the newest time. Both change nothing but a count. */
  readonly outcome: 'taken' | 'missing' | 'late'
  /** Sum of the evidence; 0 while learning and for points that were not taken. */
  readonly score: number
  readonly threshold: number
  readonly alert: boolean
  readonly learning: boolean
  /** An alert was raised so recently that this point may raise none. */
  readonly refractory: boolean
  /** Where 99 of 100 points of this hour were before it; null while learning and for points that were not taken. */
  readonly expected: { readonly low: number; readonly high: number } | null
  /** When the present run of evidence began; null when there is none. */
  readonly sinceMs: number | null
  /** Signals with evidence, the strongest first. */
  readonly parts: readonly Part[]
}

/** A stream in memory. Not shared: one caller pushes, in the order of time. */
export interface Stream {
  readonly push: (point: Point) => PointResult
  readonly toJSON: () => StreamState
}

/** The threshold of the standard profile of the benchmark, see docs/detectors.md. */
export const defaultThreshold = 1.33
/** For streams that page people: on noise it alerts about a third to a tenth as often, see docs/detectors.md. */
export const fewAlertsThreshold = 3
/** What the benchmark gives to a long stream: 2.6 days and half a day of points every five minutes. */
export const defaultOptions: StreamOptions = { learnPoints: 750, refractoryPoints: 150 }

/** So many points without evidence end a run (`sinceMs`). */
const runEndsAfter = 12
/** Larger values are taken as this: their squares must stay finite. */
const largest = 1e30
const latestTimeMs = 8.64e15

/**
 * Opens a stream, a new one or where the state left off.
 * @throws DetectorError bad_options, bad_state, state_version
 */
export function openStream(options: StreamOptions, stored?: unknown): Stream {
  const { learnPoints, refractoryPoints, threshold } = checkedOptions(options)
  const memory = newMemory()
  const flow = newFlow(memory)
  const signals = buildSignals(flow)
  let [points, base, alertedAt, quiet, missing, late] = [0, 0, 0, 0, 0, 0]
  let lastTimeMs: number | null = null
  let sinceMs: number | null = null
  if (stored !== undefined) {
    const { state, bytes } = parseState(stored, memory.byteLength())
    if (!memory.load(bytes))
      throw new DetectorError('bad_state', 'memory: expected finite numbers, received NaN or infinity')
    ;({ points, base, alertedAt, quiet, missing, late, lastTimeMs, sinceMs } = state)
  }

  const take = (timeMs: number, value: number): PointResult => {
    const x = Math.max(-largest, Math.min(largest, value))
    if (points === 0) base = x
    flow.arrival.value = Math.fround(x - base)
    flow.arrival.timeMs = timeMs
    flow.arrival.index = points
    const reach = signals.offBy(0.01)
    flow.run()
    points++
    lastTimeMs = timeMs
    if (points <= learnPoints) {
      return {
        timeMs,
        value,
        outcome: 'taken',
        score: 0,
        threshold,
        alert: false,
        learning: true,
        refractory: false,
        expected: null,
        sinceMs: null,
        parts: [],
      }
    }
    let score = 0
    const parts: Part[] = []
    for (const { name, node, knots } of signals.all) {
      const found = evidence(node.value, knots)
      if (found > 0) parts.push({ signal: name, evidence: found })
      score += found
    }
    parts.sort((a, b) => b.evidence - a.evidence)
    quiet = score > 0 ? 0 : quiet + 1
    if (score > 0) sinceMs ??= timeMs
    else if (quiet >= runEndsAfter) sinceMs = null
    const refractory = alertedAt > 0 && points - alertedAt <= refractoryPoints
    const alert = score >= threshold && !refractory
    if (alert) alertedAt = points
    const centre = base + signals.usual.value
    const expected = { low: centre - reach, high: centre + reach }
    return {
      timeMs,
      value,
      outcome: 'taken',
      score,
      threshold,
      alert,
      learning: false,
      refractory,
      expected,
      sinceMs,
      parts,
    }
  }

  const push = ({ timeMs, value }: Point): PointResult => {
    const usable = value !== null && Number.isFinite(value) && Math.abs(timeMs) <= latestTimeMs
    if (usable && (lastTimeMs === null || timeMs > lastTimeMs)) return take(timeMs, value)
    if (usable) late++
    else missing++
    const learning = points < learnPoints
    const refractory = alertedAt > 0 && points - alertedAt < refractoryPoints
    const outcome = usable ? 'late' : 'missing'
    return {
      timeMs,
      value,
      outcome,
      score: 0,
      threshold,
      alert: false,
      learning,
      refractory,
      expected: null,
      sinceMs,
      parts: [],
    }
  }

  const toJSON = (): StreamState => ({
    version: stateVersion,
    points,
    base,
    lastTimeMs,
    alertedAt,
    sinceMs,
    quiet,
    missing,
    late,
    memory: memory.save(),
  })
  return { push, toJSON }
}

/** The state of a stream that has seen nothing. */
export function newStream(options: StreamOptions): StreamState {
  return openStream(options).toJSON()
}

/** Takes one point from state to state. Reads and writes the whole state: for more than a few points open the stream. */
export function step(
  state: StreamState,
  point: Point,
  options: StreamOptions,
): PointResult & { readonly state: StreamState } {
  const stream = openStream(options, state)
  const result = stream.push(point)
  return { ...result, state: stream.toJSON() }
}

function checkedOptions(options: StreamOptions): Required<{ [K in keyof StreamOptions]: number }> {
  const { learnPoints, refractoryPoints, threshold = defaultThreshold } = options
  const wrong = (name: string, expected: string, received: unknown) =>
    new DetectorError('bad_options', `${name}: expected ${expected}, received ${String(received)}`)
  if (!Number.isSafeInteger(learnPoints) || learnPoints < 1)
    throw wrong('learnPoints', 'a whole number from 1', learnPoints)
  if (!Number.isSafeInteger(refractoryPoints) || refractoryPoints < 0) {
    throw wrong('refractoryPoints', 'a whole number from 0', refractoryPoints)
  }
  if (!(Number.isFinite(threshold) && threshold > 0)) throw wrong('threshold', 'a number above 0', threshold)
  return { learnPoints, refractoryPoints, threshold }
}
