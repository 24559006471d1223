import type { ClauseOf } from '../clause.ts'
import type { Context } from '../context.ts'
import { durationText } from '../duration.ts'
import { type Hit, type Judge, judgeOf } from '../judge.ts'
import type { Row } from '../row.ts'
import { anyOf } from '../selections.ts'
import type { Workshop } from '../workshop.ts'
import { addEntry, type CompiledStage, compileStages, differ, type Entries, type Entry } from './stages.ts'

type TemporalClause = ClauseOf<'temporal' | 'temporal_ordered'>

/** Several things within a time, in any order or one after the other. The stages may be hits of other rules. */
export function compileTemporal(clause: TemporalClause, workshop: Workshop): Judge {
  const { settings, path, slot, latenessMs } = workshop
  const withinMs = settings.ms(clause.within, `${path}.within`)
  const stages = compileStages(clause.stages, clause.by, withinMs + latenessMs, workshop)
  const isOrdered = clause.kind === 'temporal_ordered'
  const both = anyOf(stages.all.map(({ source }) => ({ test: source.concerns, actions: source.actions })))
  const last = stages.all.length - 1

  const judge = (context: Context): Hit | undefined => {
    let firstMs: number | undefined
    const { time } = context.event
    // From the last stage back: an event does not follow itself.
    for (let at = last; at >= 0; at--) {
      const stage = stages.all[at]
      const row: Row | null = stage?.source.test(context) === true ? context.row(stage.group) : null
      if (stage === undefined || row === null) continue
      const entries = row.read(slot, stages.kernel, context.markMs)
      const entry = stages.entryOf(context)
      const list = entries[at]
      if (list === undefined) continue
      const isLate = entries.some((one) => (one[one.length - 1]?.time ?? 0) > time)
      if (isOrdered && at === last && stage.count === 1) {
        firstMs ??= chain(entries, stages.all, last, entry, withinMs)
      }
      addEntry(list, entry, stage)
      row.write(slot, stages.kernel, entries, context.markMs)
      if (!isOrdered) firstMs ??= together(entries, stages.all, time, withinMs)
      else if (at === last ? stage.count > 1 : isLate) firstMs ??= lateChain(entries, stages.all, time, withinMs)
    }
    if (firstMs === undefined) return undefined
    const seconds = Math.round(Math.abs(time - firstMs) / 1000)
    const facts = { seconds, within: durationText(withinMs) }
    return { facts, firstMs, events: stages.all.length, evidence: [] }
  }
  const groups = [...new Set(stages.all.map(({ group }) => group))]
  return judgeOf({ actions: both.actions, concerns: both.test, groups, judge })
}

/** First time of the tightest chain that ends with `end` at `stage`; undefined: there is none. */
function chain(
  entries: Entries,
  stages: readonly CompiledStage[],
  stage: number,
  end: Entry,
  withinMs: number,
): number | undefined {
  let visits = 256
  const before = (at: number, after: Entry): number | undefined => {
    if (at < 0) return after.time
    const list = entries[at] ?? []
    const { count } = stages[at] ?? { count: 1 }
    const next = stages[at + 1]
    for (let index = list.length - 1; index >= count - 1; index--) {
      const latest = list[index]
      const first = list[index - count + 1]
      if (latest === undefined || first === undefined || latest.time > after.time) continue
      if (first.time <= end.time - withinMs) break
      if (visits-- <= 0) return undefined
      if (next !== undefined && !differ(next, latest, after)) continue
      const found = before(at - 1, first)
      if (found !== undefined) return found
    }
    return undefined
  }
  return before(stage - 1, end)
}

/** The same where the last stage wants several events, or where an earlier stage came late. */
function lateChain(
  entries: Entries,
  stages: readonly CompiledStage[],
  timeMs: number,
  withinMs: number,
): number | undefined {
  const at = stages.length - 1
  const ends = entries[at] ?? []
  const count = stages[at]?.count ?? 1
  for (let index = count - 1; index < ends.length; index++) {
    const end = ends[index]
    const first = ends[index - count + 1]
    if (end === undefined || first === undefined || end.time < timeMs || first.time <= end.time - withinMs) continue
    const found = chain(entries, stages, at, first, withinMs - (end.time - first.time))
    if (found !== undefined) return found
  }
  return undefined
}

/** First time of a window that holds all stages and the time. */
function together(
  entries: Entries,
  stages: readonly CompiledStage[],
  timeMs: number,
  withinMs: number,
): number | undefined {
  const ends = entries.flatMap((list) => list.map(({ time }) => time))
  const candidates = [...new Set([timeMs, ...ends])].filter((end) => end >= timeMs && end < timeMs + withinMs)
  for (const end of candidates.sort((a, b) => a - b)) {
    const inside = entries.map((list) => list.filter(({ time }) => time <= end && time > end - withinMs))
    const isComplete = stages.every((stage, at) => {
      const list = inside[at] ?? []
      if (list.length < stage.count) return false
      return at === 0 || (inside[0] ?? []).some((a) => list.some((b) => differ(stage, a, b)))
    })
    if (isComplete) return Math.min(...inside.map((list) => list[0]?.time ?? end))
  }
  return undefined
}
