import type { ClauseOf } from '../clause.ts'
import type { Context } from '../context.ts'
import { durationText } from '../duration.ts'
import { type Hit, type Judge, judgeOf, type TickHit } from '../judge.ts'
import { listsOf, numberAt } from '../read-json.ts'
import type { Kernel } from '../row.ts'
import { asFields, type Workshop } from '../workshop.ts'

type Value = string | number | boolean

/** One group and its rhythm. */
interface Pulse {
  readonly values: readonly Value[]
  first: number
  last: number
  events: number
  /** A gap that few are longer than. */
  usual: number
}

const mostPulses = 64
const forgottenMs = 30 * 86_400_000
/** The usual gap follows a longer one at once by half and a shorter one by a fiftieth: it stays near the longest of the usual ones. */
const up = 0.5
const down = 0.02

/** Who used to send and does not any more. All groups are in one row, since the clock must judge those that no event names. */
export function compileSilence(clause: ClauseOf<'silence'>, workshop: Workshop): Judge {
  const { settings, path, slot } = workshop
  const factor = settings.number(clause.factor, `${path}.factor`)
  const minMs = settings.ms(clause.min, `${path}.min`)
  const learnEvents = settings.number(clause.learn_events, `${path}.learn_events`)
  const source = workshop.source(clause.of, path)
  const fields = asFields(clause.by)
  const key = `s|${slot}`
  const kernel: Kernel<Map<string, Pulse>> = {
    load: (json) =>
      new Map(
        listsOf(json).map((one) => {
          const values = (Array.isArray(one[4]) ? one[4] : []) as readonly Value[]
          const [first, last, events, usual] = [0, 1, 2, 3].map((at) => numberAt(one, at))
          return [
            JSON.stringify(values),
            { values, first: first ?? 0, last: last ?? 0, events: events ?? 0, usual: usual ?? 0 },
          ]
        }),
      ),
    save: (pulses) =>
      [...pulses.values()].map(({ first, last, events, usual, values }) => [first, last, events, usual, values]),
    expires: (pulses) => {
      let latest = 0
      for (const { last } of pulses.values()) latest = Math.max(latest, last)
      return latest + forgottenMs
    },
  }
  const limitOf = (pulse: Pulse): number => Math.max(minMs, factor * pulse.usual)
  const hitOf = (pulse: Pulse, silentMs: number): Hit => ({
    facts: { silent: durationText(silentMs), usual: durationText(Math.round(pulse.usual)) },
    firstMs: pulse.last,
    events: 1,
    evidence: [],
  })

  const judge = (context: Context): Hit | undefined => {
    if (!source.test(context)) return undefined
    const values: Value[] = []
    for (const field of fields) {
      const value = context.event[field]
      if (value === undefined || typeof value === 'object') return undefined
      values.push(value)
    }
    const { time } = context.event
    const row = context.open(key)
    const pulses = row.read(slot, kernel, context.markMs)
    const name = JSON.stringify(values)
    const pulse = pulses.get(name) ?? { values, first: time, last: time, events: 0, usual: 0 }
    const gapMs = time - pulse.last
    const isSilence = pulse.events >= learnEvents && gapMs > limitOf(pulse)
    const hit = isSilence ? hitOf(pulse, gapMs) : undefined
    // A silence that has been told is no new rhythm.
    if (gapMs > 0 && !isSilence) {
      pulse.usual = pulse.events === 1 ? gapMs : pulse.usual + (gapMs - pulse.usual) * (gapMs > pulse.usual ? up : down)
    }
    pulse.events += 1
    pulse.last = Math.max(pulse.last, time)
    pulses.delete(name)
    pulses.set(name, pulse)
    for (const [old, { last }] of pulses) {
      if (pulses.size > mostPulses || last < context.markMs - forgottenMs) pulses.delete(old)
    }
    row.write(slot, kernel, pulses, context.markMs)
    return hit
  }
  return judgeOf({
    actions: source.actions,
    concerns: source.concerns,
    groups: [],
    always: [key],
    judge,
    tick: (open, markMs, nowMs) =>
      [...open(key).read(slot, kernel, markMs).values()].flatMap((pulse): TickHit[] => {
        const silentMs = nowMs - pulse.last
        if (pulse.events < learnEvents || silentMs <= limitOf(pulse)) return []
        return [{ ...hitOf(pulse, silentMs), timeMs: nowMs, values: pulse.values }]
      }),
  })
}
