import type { ClauseOf } from '../clause.ts'
import type { Context } from '../context.ts'
import { durationText } from '../duration.ts'
import { type Hit, type Judge, judgeOf } from '../judge.ts'
import { numberAt } from '../read-json.ts'
import type { Kernel } from '../row.ts'
import type { Workshop } from '../workshop.ts'

/** A group that was silent for long comes back. Events of the past (a backfill) teach when it was last seen. */
export function compileGap(clause: ClauseOf<'gap'>, workshop: Workshop): Judge {
  const { settings, path, slot } = workshop
  const longerMs = settings.ms(clause.longer, `${path}.longer`)
  const forgetMs = Math.max(settings.ms(clause.forget, `${path}.forget`), longerMs)
  const source = workshop.source(clause.of, path)
  const then = clause.then === undefined ? undefined : workshop.condition(clause.then, `${path}.then`).test
  const group = workshop.group(clause.by)

  interface Seen {
    last: number
  }
  const kernel: Kernel<Seen> = {
    load: (json) => ({ last: numberAt(json, 0) }),
    save: ({ last }) => [last],
    expires: ({ last }) => (last === 0 ? 0 : last + forgetMs),
  }
  const note = (context: Context): number => {
    const row = source.test(context) ? context.row(group) : null
    if (row === null) return 0
    const { time } = context.event
    const seen = row.read(slot, kernel, context.markMs)
    const gapMs = seen.last === 0 ? 0 : time - seen.last
    if (time > seen.last) {
      // A new state: the one that was read may be the one of nobody.
      row.write(slot, kernel, { last: time }, context.markMs)
    }
    return gapMs
  }
  const judge = (context: Context): Hit | undefined => {
    const gapMs = note(context)
    if (gapMs <= longerMs || then?.(context) === false) return undefined
    const { time } = context.event
    return { facts: { silent: durationText(gapMs) }, firstMs: time, events: 1, evidence: [] }
  }
  return judgeOf({
    actions: source.actions,
    concerns: source.concerns,
    groups: [group],
    judge,
    learn: (context) => void note(context),
  })
}
