import type { ClauseOf } from '../clause.ts'
import type { Context } from '../context.ts'
import { durationText } from '../duration.ts'
import { type Hit, type Judge, judgeOf } from '../judge.ts'
import { listsOf, numberAt } from '../read-json.ts'
import type { Kernel } from '../row.ts'
import { asFields, type Workshop } from '../workshop.ts'

/** Numbers without a hole wider than the step. */
interface Stretch {
  low: number
  high: number
  count: number
  first: number
  last: number
}

const mostStretches = 16

/** So many whole numbers in a row, up or down, also when several requests overtake one another: stretches grow and grow together. */
export function compileRun(clause: ClauseOf<'run'>, workshop: Workshop): Judge {
  const { settings, path, slot, latenessMs } = workshop
  const withinMs = settings.ms(clause.within, `${path}.within`)
  const least = settings.number(clause.gte, `${path}.gte`)
  const step = settings.number(clause.step, `${path}.step`)
  const [field = 'object_number' as const] = asFields(clause.field)
  const source = workshop.source(clause.of, path)
  const group = workshop.group(clause.by)
  const keptMs = withinMs + latenessMs
  const kernel: Kernel<Stretch[]> = {
    load: (json) =>
      listsOf(json).map((one) => ({
        low: numberAt(one, 0),
        high: numberAt(one, 1),
        count: numberAt(one, 2),
        first: numberAt(one, 3),
        last: numberAt(one, 4),
      })),
    save: (stretches) => stretches.map(({ low, high, count, first, last }) => [low, high, count, first, last]),
    expires: (stretches) => Math.max(0, ...stretches.map(({ last }) => last)) + keptMs,
  }
  const judge = (context: Context): Hit | undefined => {
    const number = context.event[field]
    if (typeof number !== 'number' || !Number.isSafeInteger(number) || !source.test(context)) return undefined
    const row = context.row(group)
    if (row === null) return undefined
    const { time } = context.event
    const kept = row
      .read(slot, kernel, context.markMs)
      .filter(({ last, first }) => last > context.markMs - keptMs && first > time - withinMs)
    const grown = withNumber(kept, number, step, time)
    row.write(slot, kernel, grown, context.markMs)
    const stretch = grown[grown.length - 1]
    if (stretch === undefined || stretch.count < least) return undefined
    const facts = { run: stretch.count, within: durationText(withinMs) }
    return { facts, firstMs: stretch.first, events: stretch.count, evidence: [] }
  }
  return judgeOf({ actions: source.actions, concerns: source.concerns, groups: [group], judge })
}

/** The stretch that the number is in now comes last. */
function withNumber(stretches: readonly Stretch[], number: number, step: number, timeMs: number): Stretch[] {
  const near = stretches.filter(({ low, high }) => number >= low - step && number <= high + step)
  const far = stretches.filter((one) => !near.includes(one))
  const isKnown = near.some(({ low, high }) => number >= low && number <= high)
  const joined: Stretch = { low: number, high: number, count: isKnown ? 0 : 1, first: timeMs, last: timeMs }
  for (const { low, high, count, first, last } of near) {
    joined.low = Math.min(joined.low, low)
    joined.high = Math.max(joined.high, high)
    joined.count += count
    joined.first = Math.min(joined.first, first)
    joined.last = Math.max(joined.last, last)
  }
  return [...far, joined].slice(-mostStretches)
}
