import type { ClauseOf } from '../clause.ts'
import type { Context } from '../context.ts'
import { type Hit, type Judge, judgeOf } from '../judge.ts'
import { numberAt, numbersOf } from '../read-json.ts'
import type { Kernel } from '../row.ts'
import { asFields, comparisonOf, type Workshop } from '../workshop.ts'

interface Known {
  /** First event of the group, and how many there were. */
  first: number
  events: number
  last: number
  /** Value -> when it was last seen; in the order of sight. */
  readonly values: Map<number, number>
  /** When new ones came in, as far as the window needs. */
  readonly fresh: number[]
}

const mostFresh = 64

/** Values that a group has never shown. The first days are learned in silence; the memory is bounded and forgets. */
export function compileNewValue(clause: ClauseOf<'new_value'>, workshop: Workshop): Judge {
  const { settings, path, slot, latenessMs } = workshop
  const learnMs = settings.ms(clause.learn, `${path}.learn`)
  const forgetMs = settings.ms(clause.forget, `${path}.forget`)
  const learnEvents =
    clause.learn_events === undefined ? 0 : settings.number(clause.learn_events, `${path}.learn_events`)
  const windowMs = clause.within === undefined ? 0 : settings.ms(clause.within, `${path}.within`)
  const comparison = comparisonOf(clause, settings, path)
  const fields = asFields(clause.fields)
  const source = workshop.source(clause.of, path)
  const group = workshop.group(clause.by)
  const kernel: Kernel<Known> = {
    load: (json) => {
      const values = new Map<number, number>()
      const flat = Array.isArray(json) ? numbersOf(json[3]) : []
      const last = numberAt(json, 2)
      for (let at = 0; at + 1 < flat.length; at += 2) values.set(flat[at] ?? 0, last - (flat[at + 1] ?? 0))
      const fresh = Array.isArray(json) ? numbersOf(json[4]) : []
      return { first: numberAt(json, 0), events: numberAt(json, 1), last, values, fresh }
    },
    save: ({ first, events, last, values, fresh }) => [
      first,
      events,
      last,
      [...values].flatMap(([value, seen]) => [value, last - seen]),
      fresh,
    ],
    expires: ({ last }) => (last === 0 ? 0 : last + forgetMs),
  }

  /** Notes the value; tells whether it was new to a group that has been learned. */
  const note = (context: Context): { readonly known: Known; readonly isNew: boolean } | undefined => {
    const value = source.test(context) ? context.hashOf(fields) : 0
    const row = value === 0 ? null : context.row(group)
    if (row === null) return undefined
    const { time } = context.event
    const known = row.read(slot, kernel, context.markMs)
    const isFirst = known.last === 0
    const since = clause.learn_from === 'tenant' ? context.firstMs : isFirst ? time : known.first
    const isLearned = time >= since + learnMs && known.events >= learnEvents
    const seen = known.values.get(value)
    const isNew = (seen === undefined || seen < time - forgetMs) && isLearned
    known.first = isFirst ? time : Math.min(known.first, time)
    known.events += 1
    known.last = Math.max(known.last, time)
    known.values.delete(value)
    known.values.set(value, Math.max(seen ?? 0, time))
    for (const [old, oldSeen] of known.values) {
      if (known.values.size > clause.memory || oldSeen < known.last - forgetMs) known.values.delete(old)
    }
    if (isNew && windowMs > 0) {
      known.fresh.push(time)
      known.fresh.sort((a, b) => a - b)
      // An event that came very late may itself be among those that are gone.
      while (known.fresh.length > 0 && (known.fresh[0] ?? 0) <= context.markMs - windowMs - latenessMs)
        known.fresh.shift()
      if (known.fresh.length > mostFresh) known.fresh.shift()
    }
    row.write(slot, kernel, known, context.markMs)
    return { known, isNew }
  }

  const judge = (context: Context): Hit | undefined => {
    const found = note(context)
    if (found?.isNew !== true) return undefined
    const { time } = context.event
    if (windowMs === 0) return { facts: { new: 1 }, firstMs: time, events: 1, evidence: [] }
    const inWindow = found.known.fresh.filter((one) => one > time - windowMs && one <= time)
    if (!comparison.holds(inWindow.length)) return undefined
    return { facts: { new: inWindow.length }, firstMs: inWindow[0] ?? time, events: inWindow.length, evidence: [] }
  }
  return judgeOf({
    actions: source.actions,
    concerns: source.concerns,
    groups: [group],
    judge,
    learn: (context) => void note(context),
  })
}
