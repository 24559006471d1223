import type { ClauseOf } from '../clause.ts'
import type { Context } from '../context.ts'
import { durationText } from '../duration.ts'
import { type Hit, type Judge, judgeOf } from '../judge.ts'
import { numbersOf } from '../read-json.ts'
import type { Kernel } from '../row.ts'
import { anyOf } from '../selections.ts'
import type { Workshop } from '../workshop.ts'

const kept = 8

/** An event without one of `unless` in the time before it. What was seen before the watching began is unknown: see `learn`. */
export function compileAbsent(clause: ClauseOf<'absent'>, workshop: Workshop): Judge {
  const { settings, path, slot, latenessMs } = workshop
  const withinMs = settings.ms(clause.within, `${path}.within`)
  const learnMs = clause.learn === undefined ? 0 : settings.ms(clause.learn, `${path}.learn`)
  const source = workshop.source(clause.of, path)
  const unless = workshop.source(clause.unless, `${path}.unless`)
  const group = workshop.group(clause.by)
  const unlessGroup = workshop.group(clause.by, clause.unless_by ?? clause.by)
  const both = anyOf([
    { test: source.concerns, actions: source.actions },
    { test: unless.concerns, actions: unless.actions },
  ])
  // The latest times of what excuses, in order.
  const kernel: Kernel<number[]> = {
    load: numbersOf,
    save: (times) => times,
    expires: (times) => (times[times.length - 1] ?? 0) + withinMs + latenessMs,
  }
  const note = (context: Context): void => {
    const row = unless.test(context) ? context.row(unlessGroup) : null
    if (row === null) return
    const times = row.read(slot, kernel, context.markMs)
    times.push(context.event.time)
    times.sort((a, b) => a - b)
    if (times.length > kept) times.shift()
    row.write(slot, kernel, times, context.markMs)
  }
  const judge = (context: Context): Hit | undefined => {
    note(context)
    if (!source.test(context)) return undefined
    const { time } = context.event
    const row = context.row(group)
    if (row === null || time < context.firstMs + learnMs) return undefined
    const times = row.read(slot, kernel, context.markMs)
    if (times.some((one) => one <= time && one > time - withinMs)) return undefined
    return { facts: { within: durationText(withinMs) }, firstMs: time, events: 1, evidence: [] }
  }
  return judgeOf({ actions: both.actions, concerns: both.test, groups: [group, unlessGroup], judge })
}
