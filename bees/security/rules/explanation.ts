import { type EventField, eventFields, type SecurityEvent } from '../events/event.ts'
import type { Clause, ClauseKind } from './clause.ts'
import type { Facts } from './judge.ts'

const placeholder = /\{([a-z][a-z0-9_]*)\}/g

/** Names of the facts that a clause gives. */
export function factNames(clause: Clause): readonly string[] {
  if (clause.kind === 'window') return [...Object.keys(clause.measures), 'within']
  return factsOfKind[clause.kind]
}

const factsOfKind: Readonly<Record<Exclude<ClauseKind, 'window'>, readonly string[]>> = {
  match: [],
  event_count: ['count', 'within'],
  value_count: ['values', 'within'],
  value_sum: ['sum', 'within'],
  ratio: ['share', 'count', 'within'],
  temporal: ['seconds', 'within'],
  temporal_ordered: ['seconds', 'within'],
  absent: ['within'],
  new_value: ['new'],
  gap: ['silent'],
  baseline: ['sum', 'usual', 'times', 'within'],
  travel: ['km', 'kmh', 'hours', 'from', 'to'],
  leaky: ['level', 'leak'],
  run: ['run', 'within'],
  silence: ['silent', 'usual'],
  metric: ['value', 'expected', 'evidence', 'every', 'why'],
}

/** Placeholders of a template. */
export function placeholdersIn(template: string): readonly string[] {
  return [...template.matchAll(placeholder)].map((found) => found[1] ?? '')
}

/** What a template may name beyond the facts. */
export function isEventField(name: string): name is EventField {
  return (eventFields as readonly string[]).includes(name)
}

/** Values of the event that the template names, as facts: what is missing is `unknown`. */
export function namedFacts(template: string, event: SecurityEvent | undefined, facts: Facts): Facts {
  const named: Record<string, string | number | boolean> = {}
  for (const name of placeholdersIn(template)) {
    if (name in facts || !isEventField(name)) continue
    const value = event?.[name]
    named[name] = value === undefined ? 'unknown' : value
  }
  return named
}

/** A sentence for a person, made of facts and nothing else. */
export function explanationOf(title: string, template: string | undefined, facts: Facts): string {
  if (template === undefined) {
    const figures = Object.entries(facts).map(([name, value]) => `${name.replaceAll('_', ' ')} ${shownFact(value)}`)
    return figures.length === 0 ? `${title}.` : `${title}: ${figures.join(', ')}.`
  }
  return template.replaceAll(placeholder, (_whole, name: string) =>
    Object.hasOwn(facts, name) ? shownFact(facts[name] ?? '') : 'unknown',
  )
}

function shownFact(value: string | number | boolean): string {
  if (typeof value !== 'number') return String(value)
  return Number.isInteger(value) || Math.abs(value) >= 100
    ? String(Math.round(value))
    : String(Number(value.toPrecision(3)))
}
