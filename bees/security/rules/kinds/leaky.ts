import type { ClauseOf } from '../clause.ts'
import type { Context } from '../context.ts'
import { durationText } from '../duration.ts'
import { type Hit, type Judge, judgeOf } from '../judge.ts'
import { numberAt } from '../read-json.ts'
import type { Kernel } from '../row.ts'
import { rounded, type Workshop } from '../workshop.ts'

interface Bucket {
  level: number
  at: number
  /** When it was last empty. */
  first: number
}

/** Each event a drop, one leaks out every `leakMs`. Catches the slow attacker whom a window of the same length lets go. */
export function compileLeaky(clause: ClauseOf<'leaky'>, workshop: Workshop): Judge {
  const { settings, path, slot, latenessMs } = workshop
  const capacity = settings.number(clause.capacity, `${path}.capacity`)
  const leakMs = settings.ms(clause.leak, `${path}.leak`)
  const source = workshop.source(clause.of, path)
  const group = workshop.group(clause.by)
  const kernel: Kernel<Bucket> = {
    load: (json) => ({ level: numberAt(json, 0), at: numberAt(json, 1), first: numberAt(json, 2) }),
    save: ({ level, at, first }) => [level, at, first],
    expires: ({ level, at }) => (at === 0 ? 0 : at + Math.ceil(level * leakMs) + latenessMs),
  }
  const judge = (context: Context): Hit | undefined => {
    const row = source.test(context) ? context.row(group) : null
    if (row === null) return undefined
    const { time } = context.event
    const bucket = row.read(slot, kernel, context.markMs)
    const at = Math.max(bucket.at, time)
    const before = Math.max(0, bucket.level - (at - bucket.at) / leakMs)
    // A late drop has leaked since it fell.
    const drop = Math.max(0, 1 - (at - time) / leakMs)
    const first = before === 0 ? time : Math.min(bucket.first, time)
    // One above the brim is enough: a flood must not take days to run out.
    const level = Math.min(before + drop, capacity + 1)
    row.write(slot, kernel, { level, at, first }, context.markMs)
    if (level <= capacity) return undefined
    const facts = { level: rounded(level), leak: durationText(leakMs) }
    return { facts, firstMs: first, events: Math.floor(level), evidence: [] }
  }
  return judgeOf({ actions: source.actions, concerns: source.concerns, groups: [group], judge })
}
