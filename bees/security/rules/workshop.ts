import type { Action, EventField } from '../events/event.ts'
import type { Source } from './clause.ts'
import type { Test } from './context.ts'
import type { Group } from './group.ts'
import { comparer } from './matchers.ts'
import { RuleMistake } from './problem.ts'
import type { Sieve } from './selections.ts'
import type { Settings } from './settings.ts'

/** Where the events of a clause come from: selections, or hits of another rule. */
export interface CompiledSource {
  readonly test: Test
  /** True at least where `test` may be: needs no other rule's outcome. */
  readonly concerns: Test
  readonly actions: ReadonlySet<Action>
}

/** What the compilers of clauses work with. */
export interface Workshop {
  readonly settings: Settings
  /** How late an event may be and still count. */
  readonly latenessMs: number
  /** Name of the clause's state: rule, version, place. */
  readonly slot: string
  /** For messages: `credential_stuffing: any[0]`. */
  readonly path: string
  readonly group: (by: readonly string[], aliases?: readonly string[]) => Group
  readonly source: (of: Source | undefined, path: string) => CompiledSource
  readonly condition: (text: string, path: string) => Sieve
}

const operators = ['gt', 'gte', 'lt', 'lte', 'eq'] as const
type Compared = { readonly [operator in (typeof operators)[number]]?: number | string | undefined }

export interface Comparison {
  readonly holds: (value: number) => boolean
  /** Whether there is anything to compare with. */
  readonly isGiven: boolean
  /** The greatest of the thresholds. */
  readonly greatest: number
}

/** All of gt, gte, lt, lte, eq that are given. */
export function comparisonOf(given: Compared, settings: Settings, path: string): Comparison {
  const tests: ((value: number) => boolean)[] = []
  let greatest = 0
  for (const operator of operators) {
    const threshold = given[operator]
    if (threshold === undefined) continue
    const number = settings.numberOrSeconds(threshold, `${path}.${operator}`)
    const compare = comparer(operator)
    tests.push((value) => compare(value, number))
    greatest = Math.max(greatest, number)
  }
  return { holds: (value) => tests.every((test) => test(value)), isGiven: tests.length > 0, greatest }
}

/** The same, for clauses that are nothing without a threshold. */
export function thresholdOf(given: Compared, settings: Settings, path: string): Comparison {
  const comparison = comparisonOf(given, settings, path)
  if (!comparison.isGiven) throw new RuleMistake(path, 'no threshold', 'one of gt, gte, lt, lte, eq')
  return comparison
}

/** Names that the schema has checked against the fields of events. */
export function asFields(names: string | readonly string[]): readonly EventField[] {
  return (typeof names === 'string' ? [names] : names) as readonly EventField[]
}

/** A whole number between bounds. @throws RuleMistake */
export function wholeWithin(
  given: number | string,
  settings: Settings,
  path: string,
  least: number,
  most: number,
): number {
  const number = settings.number(given, path)
  if (!Number.isInteger(number) || number < least || number > most) {
    throw new RuleMistake(path, number, `a whole number from ${least} to ${most}`)
  }
  return number
}

/** Figures for people: at most three digits behind the point. */
export function rounded(value: number): number {
  return Math.round(value * 1000) / 1000
}
