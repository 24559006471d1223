import type { ClauseOf } from '../clause.ts'
import type { Context } from '../context.ts'
import { durationText } from '../duration.ts'
import { type Hit, type Judge, judgeOf } from '../judge.ts'
import { numberAt } from '../read-json.ts'
import type { Kernel } from '../row.ts'
import { addPoint, fewestPoints, readSeries, type Series, type SeriesShape, totalOf, writeSeries } from '../series.ts'
import {
  addValue,
  emptySketch,
  type QuantileSketch,
  quantileOf,
  readSketch,
  writeSketch,
} from '../sketches/quantile-sketch.ts'
import { asFields, rounded, type Workshop } from '../workshop.ts'

interface Usual {
  readonly series: Series
  first: number
  /** Clock-aligned window that is being summed, and its sum. */
  slot: number
  sum: number
  /** The window before; not history yet, or an attack that goes on over its end would hide its own second half. */
  held: number
  /** Half a history that is being filled, when it began, and the half before. */
  sketch: QuantileSketch
  since: number
  older: QuantileSketch
}

/**
 * Far above what is usual for this very group: its own quantile of the sums of windows with something in them. A sum that
 * fires is taken in as twice the usual, so that an attack does not soon teach that attacks are usual, and growth does in time.
 */
export function compileBaseline(clause: ClauseOf<'baseline'>, workshop: Workshop): Judge {
  const { settings, path, slot, latenessMs } = workshop
  const windowMs = settings.ms(clause.within, `${path}.within`)
  const historyMs = settings.ms(clause.history, `${path}.history`)
  const learnMs = settings.ms(clause.learn, `${path}.learn`)
  const factor = settings.number(clause.factor, `${path}.factor`)
  const least = settings.number(clause.min, `${path}.min`)
  const cold = clause.cold === undefined ? undefined : settings.number(clause.cold, `${path}.cold`)
  const [field] = clause.field === undefined ? [] : asFields(clause.field)
  const source = workshop.source(clause.of, path)
  const group = workshop.group(clause.by)
  const shape: SeriesShape = { keptMs: windowMs + latenessMs, most: fewestPoints, channels: ['sum'] }
  const kernel: Kernel<Usual> = {
    load: (json) => {
      const [series, sketch, older] = Array.isArray(json) ? [json[5], json[6], json[7]] : []
      return {
        first: numberAt(json, 0),
        slot: numberAt(json, 1),
        sum: numberAt(json, 2),
        since: numberAt(json, 3),
        held: numberAt(json, 4),
        series: readSeries(series, shape),
        sketch: readSketch(sketch),
        older: readSketch(older),
      }
    },
    save: ({ first, slot: number, sum, since, held, series, sketch, older }) => [
      first,
      number,
      sum,
      since,
      held,
      writeSeries(series),
      writeSketch(sketch),
      writeSketch(older),
    ],
    expires: ({ series, slot: number }) => Math.max(series.lastMs, number * windowMs) + historyMs + latenessMs,
  }
  const limitOf = (usual: Usual): number => factor * quantileOf([usual.sketch, usual.older], clause.quantile)

  /** The window that has ended becomes history. */
  const turn = (usual: Usual, timeMs: number): void => {
    const number = Math.floor(timeMs / windowMs)
    if (number <= usual.slot) return
    const limit = limitOf(usual)
    // While it is being learned nothing fires: what is seen then is what is usual, a nightly export too.
    const canFire = limit > 0 && timeMs - usual.first >= learnMs
    const learnt = (sum: number): void =>
      addValue(usual.sketch, canFire && sum > limit && sum >= least ? (2 * limit) / factor : sum)
    learnt(usual.held)
    usual.held = usual.sum
    if (number > usual.slot + 1) {
      learnt(usual.held)
      usual.held = 0
    }
    usual.slot = number
    usual.sum = 0
    if (timeMs - usual.since <= historyMs / 2) return
    usual.older = usual.sketch
    usual.sketch = emptySketch()
    usual.since = timeMs
  }

  const judge = (context: Context): Hit | undefined => {
    const row = source.test(context) ? context.row(group) : null
    if (row === null) return undefined
    const { time } = context.event
    const weight = field === undefined ? 1 : context.number(field)
    const usual = row.read(slot, kernel, context.markMs)
    if (usual.first === 0) {
      usual.first = time
      usual.since = time
      usual.slot = Math.floor(time / windowMs)
    }
    turn(usual, time)
    const limit = limitOf(usual)
    if (Math.floor(time / windowMs) === usual.slot) usual.sum += weight
    addPoint(usual.series, shape, time, [weight], context.markMs)
    row.write(slot, kernel, usual, context.markMs)
    const total = totalOf(usual.series, shape, time - windowMs, time)
    const sum = total.weights[0] ?? 0
    const isLearned = time - usual.first >= learnMs && limit > 0
    const isHigh = isLearned ? sum > limit && sum >= least : cold !== undefined && sum >= cold
    if (!isHigh) return undefined
    const typical = limit / factor
    const facts = {
      sum: rounded(sum),
      usual: isLearned ? Math.round(typical) : 0,
      times: isLearned ? Math.round(sum / typical) : 0,
      within: durationText(windowMs),
    }
    return { facts, firstMs: total.firstMs, events: Math.round(total.count), evidence: [] }
  }
  return judgeOf({ actions: source.actions, concerns: source.concerns, groups: [group], judge })
}
