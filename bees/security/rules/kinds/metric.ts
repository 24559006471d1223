import type { Json } from '../../../../src/bee/index.ts'
import { defaultOptions, explain, openStream, type PointResult, type Stream } from '../../detectors/index.ts'
import type { ClauseOf } from '../clause.ts'
import type { Context } from '../context.ts'
import { durationMs, durationText } from '../duration.ts'
import { keyOf } from '../group.ts'
import { type Hit, type Judge, judgeOf, type TickHit } from '../judge.ts'
import { listsOf, numberAt } from '../read-json.ts'
import type { Kernel, Row } from '../row.ts'
import { asFields, rounded, type Workshop } from '../workshop.ts'

/** Interval that is still open. */
interface Slot {
  readonly number: number
  events: number
  sum: number
}

interface Metered {
  /** The open ones, oldest first: that of the latest event and the one before it, for what comes late. */
  readonly open: Slot[]
  /** Closed intervals with something in them, up to `neededSlots`: a group that came once gets no detector. */
  seen: number
  /** Latest event. */
  last: number
  stream: Stream | undefined
  /** With `confirm`: points until it may tell again, and the evidence of the latest two where they were odd. */
  rest: number
  odd: readonly [number, number]
}

const openSlots = 2
const neededSlots = 12
/** A longer hole is not filled with zeros. */
const mostZeros = 2880
const forgottenMs = 30 * 86_400_000

/** The detector of metric streams over the events of a rule, counted by the interval. */
export function compileMetric(clause: ClauseOf<'metric'>, workshop: Workshop): Judge {
  const { settings, path, slot } = workshop
  const everyMs = durationMs(clause.every)
  const threshold = clause.evidence === undefined ? undefined : settings.number(clause.evidence, `${path}.evidence`)
  const least = clause.min === undefined ? undefined : settings.number(clause.min, `${path}.min`)
  const { refractoryPoints } = defaultOptions
  // A point that awaits its confirmation must not make the detector rest.
  const options = { ...defaultOptions, threshold, ...(clause.confirm ? { refractoryPoints: 0 } : {}) }
  const source = workshop.source(clause.of, path)
  const group = workshop.group(clause.by)
  const { weightOf, worthOf, hasZeros } = valueParts(clause, workshop)
  const keyFor = (rest: string): string => `m|${slot}|${rest}`
  const always = clause.by.length === 0 ? [keyFor('g|')] : []
  const kernel = kernelOf(options)

  /** Closes the intervals before `number` and gives their points to the detector. */
  const close = (state: Metered, number: number): PointResult | undefined => {
    let alert: PointResult | undefined
    while ((state.open[0]?.number ?? number) < number) {
      const done = state.open.shift()
      if (done === undefined) break
      state.seen = Math.min(state.seen + 1, neededSlots)
      if (state.seen < neededSlots) continue
      state.stream ??= openStream(options)
      const push = (at: number, value: number): void => {
        const result = state.stream?.push({ timeMs: at * everyMs, value })
        const tells = result !== undefined && (clause.confirm ? isConfirmed(state, result) : result.alert)
        if (tells && isWanted(result)) alert = result
      }
      push(done.number, worthOf(done))
      const next = state.open[0]?.number ?? number
      const hole = next - done.number - 1
      if (hasZeros && hole <= mostZeros) for (let at = done.number + 1; at < next; at++) push(at, 0)
    }
    return alert
  }
  const isConfirmed = (state: Metered, { alert, score, threshold: needed }: PointResult): boolean => {
    const [before, latest] = state.odd
    const odd = alert ? score : 0
    state.odd = [latest, odd]
    state.rest = Math.max(0, state.rest - 1)
    if (!alert || state.rest > 0 || before + latest + odd < 2 * needed) return false
    state.rest = refractoryPoints
    return true
  }
  const isWanted = ({ value, expected }: PointResult): boolean => {
    const came = value ?? 0
    if (least !== undefined && came < least) return false
    if (clause.side === 'both' || expected === null) return true
    const isHigh = came > (expected.low + expected.high) / 2
    return isHigh === (clause.side === 'high')
  }
  const hitOf = (result: PointResult): Hit => {
    const { expected, score, sinceMs, timeMs, value } = result
    const facts = {
      value: rounded(value ?? 0),
      expected: expected === null ? 'unknown' : `${figure(expected.low)} to ${figure(expected.high)}`,
      evidence: rounded(score),
      every: durationText(everyMs),
      why: explain(result).text,
    }
    return { facts, firstMs: sinceMs ?? timeMs, events: Math.max(1, Math.round(value ?? 1)), evidence: [] }
  }

  const judge = (context: Context): Hit | undefined => {
    const rest = source.test(context) ? keyOf(group, context.event) : null
    if (rest === null) return undefined
    const row = context.open(keyFor(rest))
    const { time } = context.event
    const state = row.read(slot, kernel, context.markMs)
    const number = Math.floor(time / everyMs)
    const alert = close(state, number - openSlots + 1)
    const newest = state.open[state.open.length - 1]?.number ?? number
    let own = state.open.find((one) => one.number === number)
    if (own === undefined && number > newest - openSlots) {
      own = { number, events: 0, sum: 0 }
      state.open.push(own)
      state.open.sort((a, b) => a.number - b.number)
    }
    if (own !== undefined) {
      own.events += 1
      own.sum += weightOf(context)
    }
    state.last = Math.max(state.last, time)
    row.write(slot, kernel, state, context.markMs)
    return alert === undefined ? undefined : hitOf(alert)
  }
  const tick = (open: (key: string) => Row, markMs: number, nowMs: number): TickHit[] =>
    always.flatMap((key): TickHit[] => {
      const row = open(key)
      const state = row.read(slot, kernel, markMs)
      const before = state.open.length
      const alert = close(state, Math.floor(nowMs / everyMs) - openSlots + 1)
      if (state.open.length !== before) row.write(slot, kernel, state, markMs)
      return alert === undefined ? [] : [{ ...hitOf(alert), timeMs: nowMs, values: [] }]
    })
  return judgeOf({
    actions: source.actions,
    concerns: source.concerns,
    groups: [],
    always,
    keys: (context) => {
      const rest = keyOf(group, context.event)
      return rest === null ? [] : [keyFor(rest)]
    },
    judge,
    tick: always.length === 0 ? undefined : tick,
  })
}

function kernelOf(options: Parameters<typeof openStream>[0]): Kernel<Metered> {
  return {
    load: (json) => {
      const [open, seen, last, stored, confirming] = Array.isArray(json) ? json : []
      const [rest, before, latest] = [0, 1, 2].map((at) => numberAt(confirming, at))
      const slots = listsOf(open).map((one) => ({
        number: numberAt(one, 0),
        events: numberAt(one, 1),
        sum: numberAt(one, 2),
      }))
      return {
        open: slots,
        seen: typeof seen === 'number' ? seen : 0,
        last: typeof last === 'number' ? last : 0,
        stream: stored === undefined || stored === null ? undefined : streamOf(options, stored),
        rest: rest ?? 0,
        odd: [before ?? 0, latest ?? 0],
      }
    },
    save: ({ open, seen, last, stream, rest, odd }) => [
      open.map(({ number, events, sum }) => [number, events, sum]),
      seen,
      last,
      stream === undefined ? null : (stream.toJSON() as unknown as Json),
      ...(rest + odd[0] + odd[1] === 0 ? [] : [[rest, ...odd]]),
    ],
    expires: ({ last }) => (last === 0 ? 0 : last + forgottenMs),
  }
}

/** A state of another version of the detector cannot be read: the stream begins anew. */
function streamOf(options: Parameters<typeof openStream>[0], stored: unknown): Stream {
  try {
    return openStream(options, stored)
  } catch {
    return openStream(options)
  }
}

const figure = (value: number): string => String(Number(value.toPrecision(3)))

/** What an event adds to its interval, and what the interval is worth. Only counts and sums are 0 where nothing happened. */
function valueParts(
  { value }: ClauseOf<'metric'>,
  { condition, path }: Workshop,
): {
  readonly weightOf: (context: Context) => number
  readonly worthOf: (slot: Slot) => number
  readonly hasZeros: boolean
} {
  if (value === 'count') return { weightOf: () => 1, worthOf: ({ events }) => events, hasZeros: true }
  const mean = ({ sum, events }: Slot): number => (events === 0 ? 0 : sum / events)
  if ('share' in value) {
    const { test } = condition(value.share, `${path}.value.share`)
    return { weightOf: (context) => (test(context) ? 1 : 0), worthOf: mean, hasZeros: false }
  }
  const isSum = 'sum' in value
  const [field] = asFields(isSum ? value.sum : value.mean)
  return {
    weightOf: (context) => (field === undefined ? 0 : context.number(field)),
    worthOf: isSum ? ({ sum }) => sum : mean,
    hasZeros: isSum,
  }
}
