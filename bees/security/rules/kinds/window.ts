import type { ClauseOf, Measure } from '../clause.ts'
import type { Context } from '../context.ts'
import { durationText } from '../duration.ts'
import { type Hit, type Judge, judgeOf } from '../judge.ts'
import { addToPanes, type Pane, readPanes, writePanes } from '../panes.ts'
import { RuleMistake } from '../problem.ts'
import type { Kernel } from '../row.ts'
import { addPoint, readSeries, type SeriesShape, type Total, timesBetween, totalOf, writeSeries } from '../series.ts'
import { addSighting, readValues, writeValues } from '../values.ts'
import { rounded, thresholdOf, type Workshop } from '../workshop.ts'
import { type CompiledMeasure, Keeping, type WindowState } from './measures.ts'

type WindowClause = ClauseOf<'window' | 'event_count' | 'value_count' | 'value_sum' | 'ratio'>

const evidenceKept = 6
const longestId = 64
/** Windows that a late event is looked for in. */
const mostEnds = 16

/** The measures that the shorter kinds stand for. */
function measuresOf(clause: WindowClause, workshop: Workshop): readonly (readonly [string, Measure])[] {
  if (clause.kind === 'window') return Object.entries(clause.measures)
  thresholdOf(clause, workshop.settings, workshop.path)
  const { gt, gte, lt, lte, eq } = clause
  const compared = { gt, gte, lt, lte, eq }
  if (clause.kind === 'event_count') return [['count', { count: true, ...compared }]]
  if (clause.kind === 'value_count') return [['values', { distinct: clause.field, ...compared }]]
  if (clause.kind === 'value_sum') return [['sum', { sum: clause.field, ...compared }]]
  return [
    ['count', { count: true, gte: clause.min }],
    ['share', { share: clause.part, ...compared }],
  ]
}

/** Counts, distinct values, sums and shares over a true sliding window of event time. */
export function compileWindow(clause: WindowClause, workshop: Workshop): Judge {
  const { settings, latenessMs, path, slot } = workshop
  const windowMs = settings.ms(clause.within, `${path}.within`)
  const group = workshop.group(clause.by)
  const source = workshop.source(clause.of, path)
  const keeping = new Keeping(workshop, windowMs)
  const measures = measuresOf(clause, workshop).map(([name, given]) =>
    keeping.measure(name, given, clause.kind === 'window' ? `${path}.measures.${name}` : path),
  )
  if (!measures.some(({ comparison }) => comparison.isGiven)) {
    throw new RuleMistake(path, 'no threshold', 'a measure with one of gt, gte, lt, lte, eq')
  }
  const shape: SeriesShape = {
    keptMs: windowMs + latenessMs,
    most: keeping.mostPoints,
    channels: keeping.channels.map(({ kind }) => kind),
  }
  const kernel = kernelOf(keeping, shape)
  const within = durationText(windowMs)

  const judge = (context: Context): Hit | undefined => {
    if (!source.test(context)) return undefined
    const row = context.row(group)
    if (row === null) return undefined
    const { time, id } = context.event
    const state = row.read(slot, kernel, context.markMs)
    const latest = state.series.lastMs
    addPoint(
      state.series,
      shape,
      time,
      keeping.channels.map(({ weight }) => weight(context)),
      context.markMs,
    )
    for (const [at, tracked] of keeping.values.entries()) {
      const hash = tracked.hash(context)
      const values = state.values[at]
      if (hash !== 0 && values !== undefined) addSighting(values, tracked.shape, hash, time, context.markMs)
    }
    for (const [at, tracked] of keeping.panes.entries()) {
      const hash = tracked.hash(context)
      const panes = state.panes[at]
      if (hash !== 0 && panes !== undefined) addToPanes(panes, tracked.shape, hash, time)
    }
    const evidence = state.evidence.slice()
    if (id.length <= longestId) {
      state.evidence.push(id)
      if (state.evidence.length > evidenceKept) state.evidence.shift()
    }
    row.write(slot, kernel, state, context.markMs)
    for (const endMs of time >= latest
      ? [time]
      : endsAfter(timesBetween(state.series, shape, time, time + windowMs), time)) {
      const total = totalOf(state.series, shape, endMs - windowMs, endMs)
      const facts = factsOf(measures, state, total, endMs - windowMs, endMs)
      if (facts !== undefined) {
        return { facts: { ...facts, within }, firstMs: total.firstMs, events: Math.round(total.count), evidence }
      }
    }
    return undefined
  }
  return judgeOf({ actions: source.actions, concerns: source.concerns, groups: [group], judge })
}

function factsOf(
  measures: readonly CompiledMeasure[],
  state: WindowState,
  total: Total,
  afterMs: number,
  untilMs: number,
): Record<string, number> | undefined {
  const facts: Record<string, number> = {}
  for (const { name, comparison, value } of measures) {
    const figure = value(state, total, afterMs, untilMs)
    if (!comparison.holds(figure)) return undefined
    facts[name] = rounded(figure)
  }
  return facts
}

/** A late event may complete any window that it is in: those that end with it or with one of the events after it. */
function endsAfter(later: readonly number[], timeMs: number): readonly number[] {
  const ends = [timeMs, ...later]
  if (ends.length <= mostEnds) return ends
  const every = (ends.length - 1) / (mostEnds - 1)
  return Array.from({ length: mostEnds }, (_, at) => ends[Math.round(at * every)] ?? timeMs)
}

function kernelOf(keeping: Keeping, shape: SeriesShape): Kernel<WindowState> {
  return {
    load: (json) => {
      const given = typeof json === 'object' && json !== null && !Array.isArray(json) ? json : {}
      const { p, v, n, e } = given as { readonly [key: string]: unknown }
      const values = Array.isArray(v) ? v : []
      const panes = Array.isArray(n) ? n : []
      return {
        series: readSeries(p, shape),
        values: keeping.values.map((_, at) => readValues(values[at])),
        panes: keeping.panes.map((tracked, at): Pane[] => readPanes(panes[at], tracked.shape)),
        evidence: Array.isArray(e) ? e.filter((id) => typeof id === 'string') : [],
      }
    },
    save: ({ series, values, panes, evidence }) => ({
      p: writeSeries(series),
      ...(values.length === 0 ? {} : { v: values.map(writeValues) }),
      ...(panes.length === 0 ? {} : { n: panes.map(writePanes) }),
      e: evidence,
    }),
    expires: ({ series }) => series.lastMs + shape.keptMs,
  }
}
