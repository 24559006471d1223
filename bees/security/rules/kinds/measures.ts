import type { EventField } from '../../events/event.ts'
import type { Measure } from '../clause.ts'
import type { Context, Test } from '../context.ts'
import { hash40 } from '../hash.ts'
import { distinctOf, type Pane, type PanesShape, topOf } from '../panes.ts'
import { RuleMistake } from '../problem.ts'
import { fewestPoints, mostPoints, type Series, type Total } from '../series.ts'
import { fewestValues, mostTimes, mostValues, spreadOf, type Values, type ValuesShape } from '../values.ts'
import { asFields, type Comparison, comparisonOf, type Workshop } from '../workshop.ts'

/** State of one group of a window clause. */
export interface WindowState {
  readonly series: Series
  readonly values: readonly Values[]
  readonly panes: readonly Pane[][]
  /** Ids of the latest events. */
  readonly evidence: string[]
}

/** What a value is of: a hash for the event, 0 where it has none. */
export interface Tracked<Shape> {
  readonly hash: (context: Context) => number
  readonly shape: Shape
}

export interface Channel {
  readonly kind: 'sum' | 'max'
  readonly weight: (context: Context) => number
}

/** One measure: its value at the end of a window. */
export interface CompiledMeasure {
  readonly name: string
  readonly comparison: Comparison
  readonly value: (state: WindowState, total: Total, afterMs: number, untilMs: number) => number
}

/** Everything that a window clause keeps, gathered while its measures are compiled. */
export class Keeping {
  readonly channels: Channel[] = []
  readonly values: Tracked<ValuesShape>[] = []
  readonly panes: Tracked<PanesShape>[] = []
  mostPoints = fewestPoints
  readonly #workshop: Workshop
  readonly #windowMs: number

  constructor(workshop: Workshop, windowMs: number) {
    this.#workshop = workshop
    this.#windowMs = windowMs
  }

  measure(name: string, given: Measure, path: string): CompiledMeasure {
    const comparison = comparisonOf(given, this.#workshop.settings, path)
    return { name, comparison, value: this.#value(given, comparison, path) }
  }

  #value(given: Measure, comparison: Comparison, path: string): CompiledMeasure['value'] {
    const { settings, condition } = this.#workshop
    const where = given.where === undefined ? undefined : condition(given.where, `${path}.where`).test
    if (given.span === true) return (_state, total) => Math.max(0, total.lastMs - total.firstMs) / 1000
    if (given.count !== undefined) {
      this.mostPoints = Math.min(mostPoints, Math.max(this.mostPoints, 2 * Math.ceil(comparison.greatest + 1)))
      if (given.count === true && where === undefined) return (_state, total) => total.count
      const test = given.count === true ? where : condition(given.count, `${path}.count`).test
      return this.#channel('sum', (context) => (test?.(context) === true && where?.(context) !== false ? 1 : 0))
    }
    if (given.share !== undefined) {
      const { test } = condition(given.share, `${path}.share`)
      const part = this.#channel('sum', (context) => (test(context) ? 1 : 0))
      return (state, total, after, until) => (total.count === 0 ? 0 : part(state, total, after, until) / total.count)
    }
    if (given.sum !== undefined) return this.#channel('sum', weightOf(given.sum, where))
    if (given.max !== undefined) return this.#channel('max', weightOf(given.max, where))
    if (given.mean !== undefined) {
      const field = given.mean
      const sum = this.#channel('sum', weightOf(field, where))
      const [name] = asFields(field)
      const count = this.#channel('sum', (context) => {
        const has = name !== undefined && context.event[name] !== undefined
        return has && where?.(context) !== false ? 1 : 0
      })
      return (...all) => (count(...all) === 0 ? 0 : sum(...all) / count(...all))
    }
    if (given.periods !== undefined) {
      const periodMs = settings.ms(given.periods, `${path}.periods`)
      const hash = (context: Context): number => hash40(`${Math.floor(context.event.time / periodMs)}`)
      return this.#distinct(hash, where, comparison.greatest)
    }
    if (given.distinct !== undefined) return this.#distinct(hashOf(given.distinct), where, comparison.greatest)
    if (given.top_share !== undefined) {
      const index = this.#pane(hashOf(given.top_share), where, 'top')
      const shape: PanesShape = { windowMs: this.#windowMs, kind: 'top' }
      return (state, _total, _after, until) => {
        const { top, all } = topOf(state.panes[index] ?? [], shape, until)
        return all === 0 ? 0 : top / all
      }
    }
    return this.#perValue(given, comparison, path)
  }

  /** How the events are spread over the values of a field. */
  #perValue(given: Measure, comparison: Comparison, path: string): CompiledMeasure['value'] {
    const field = given.share_of ?? given.max_per ?? given.mean_per
    if (field === undefined) throw new RuleMistake(path, given, 'a measure')
    const atMost = given.at_most === undefined ? 0 : this.#workshop.settings.number(given.at_most, `${path}.at_most`)
    const need =
      given.share_of !== undefined
        ? atMost + 1
        : given.mean_per !== undefined
          ? 2 * comparison.greatest
          : comparison.greatest + 1
    if (need > mostTimes) throw new RuleMistake(path, need - 1, `at most ${mostTimes - 1} events for each value`)
    const index = this.#values(hashOf(field), undefined, fewestValues, Math.max(4, Math.ceil(need)))
    return (state, _total, after, until) => {
      const { distinct, few, highest, sightings } = spreadOf(state.values[index] ?? new Map(), after, until, atMost)
      if (given.max_per !== undefined) return highest
      if (distinct === 0) return 0
      return given.mean_per !== undefined ? sightings / distinct : few / distinct
    }
  }

  #distinct(hash: Tracked<unknown>['hash'], where: Test | undefined, greatest: number): CompiledMeasure['value'] {
    const need = Math.ceil(greatest) + 1
    if (need > mostValues) {
      const index = this.#pane(hash, where, 'distinct')
      const shape: PanesShape = { windowMs: this.#windowMs, kind: 'distinct' }
      return (state, _total, _after, until) => distinctOf(state.panes[index] ?? [], shape, until)
    }
    const index = this.#values(hash, where, Math.max(fewestValues, need), 1)
    return (state, _total, after, until) => spreadOf(state.values[index] ?? new Map(), after, until, 0).distinct
  }

  #channel(kind: Channel['kind'], weight: Channel['weight']): CompiledMeasure['value'] {
    const index = this.channels.push({ kind, weight }) - 1
    return (_state, total) => total.weights[index] ?? 0
  }

  #values(hash: Tracked<unknown>['hash'], where: Test | undefined, most: number, times: number): number {
    const shape: ValuesShape = { keptMs: this.#windowMs + this.#workshop.latenessMs, most, times }
    return this.values.push({ hash: filtered(hash, where), shape }) - 1
  }

  #pane(hash: Tracked<unknown>['hash'], where: Test | undefined, kind: PanesShape['kind']): number {
    return this.panes.push({ hash: filtered(hash, where), shape: { windowMs: this.#windowMs, kind } }) - 1
  }
}

function filtered(hash: (context: Context) => number, where: Test | undefined): (context: Context) => number {
  return where === undefined ? hash : (context) => (where(context) ? hash(context) : 0)
}

function hashOf(names: string | readonly string[]): (context: Context) => number {
  const fields = asFields(names)
  return (context) => context.hashOf(fields)
}

function weightOf(name: string, where: Test | undefined): (context: Context) => number {
  const [field]: readonly (EventField | undefined)[] = asFields(name)
  return (context) => (field === undefined || where?.(context) === false ? 0 : context.number(field))
}
