import { type Action, actions } from '../events/event.ts'
import { type Condition, parseCondition } from './condition.ts'
import type { Test } from './context.ts'
import { itemOf } from './matchers.ts'
import { RuleMistake } from './problem.ts'
import type { FieldTests, Rule } from './rule.ts'
import type { Settings } from './settings.ts'

/** A test, and the actions that an event must have to pass it. */
export interface Sieve {
  readonly test: Test
  readonly actions: ReadonlySet<Action>
}

const everyAction: ReadonlySet<Action> = new Set(actions)

/** Tests of all rules; equal ones are made once and share their outcome for an event. */
export class Tests {
  readonly #known = new Map<string, Sieve>()
  count = 0

  shared(id: string, make: () => Sieve): Sieve {
    const known = this.#known.get(id)
    if (known !== undefined) return known
    const made = make()
    const index = this.count
    this.count += 1
    const sieve: Sieve = { test: (context) => context.outcome(index, made.test), actions: made.actions }
    this.#known.set(id, sieve)
    return sieve
  }
}

/** Selections of one rule, with the conditions over them. Remembers which have been used. */
export class Selections {
  readonly used = new Set<string>()
  readonly names: readonly string[]
  readonly #sieves = new Map<string, Sieve>()
  readonly #mistakes: RuleMistake[] = []

  constructor(rule: Rule, settings: Settings, tests: Tests) {
    const { condition: _condition, ...selections } = rule.detection
    this.names = Object.keys(selections)
    for (const [name, selection] of Object.entries(selections)) {
      if (selection === undefined || typeof selection === 'string') continue
      const maps = Array.isArray(selection) ? selection : [selection]
      const sieves = maps.map((map: FieldTests, at) => {
        const path = Array.isArray(selection) ? `detection.${name}[${at}]` : `detection.${name}`
        return this.#all(map, settings, tests, path)
      })
      this.#sieves.set(name, anyOf(sieves))
    }
  }

  get mistakes(): readonly RuleMistake[] {
    return this.#mistakes
  }

  /** @throws RuleMistake */
  condition(text: string, path: string): Sieve {
    return this.#sieve(parseCondition(text, this.names, path))
  }

  #sieve(condition: Condition): Sieve {
    if (condition.op === 'selection') {
      this.used.add(condition.name)
      return this.#sieves.get(condition.name) ?? { test: () => false, actions: new Set() }
    }
    if (condition.op === 'not') {
      const { test } = this.#sieve(condition.inner)
      return { test: (context) => !test(context), actions: everyAction }
    }
    const parts = condition.parts.map((part) => this.#sieve(part))
    return condition.op === 'or' ? anyOf(parts) : allOf(parts)
  }

  #all(map: FieldTests, settings: Settings, tests: Tests, path: string): Sieve {
    const sieves: Sieve[] = []
    for (const [name, given] of Object.entries(map)) {
      try {
        const values = settings.values(given, `${path}.${name}`)
        sieves.push(tests.shared(JSON.stringify([name, values]), () => itemSieve(name, values, `${path}.${name}`)))
      } catch (error) {
        if (!(error instanceof RuleMistake)) throw error
        this.#mistakes.push(error)
      }
    }
    return allOf(sieves)
  }
}

function itemSieve(name: string, values: readonly (string | number | boolean | null)[], path: string): Sieve {
  const { field, other, check, plain } = itemOf(name, values, path)
  const test: Test =
    other === undefined
      ? (context) => check(context.event[field])
      : (context) => check(context.event[field], context.event[other])
  if (field !== 'action' || plain === undefined) return { test, actions: everyAction }
  const wanted = plain.map((value) => {
    const action = actions.find((one) => one === value.toLowerCase())
    if (action === undefined) throw new RuleMistake(path, value, `one of the actions ${actions.join(', ')}`)
    return action
  })
  return { test, actions: new Set(wanted) }
}

function allOf(sieves: readonly Sieve[]): Sieve {
  const [first, second] = sieves
  if (first !== undefined && second === undefined) return first
  const tests = sieves.map(({ test }) => test)
  const common = actions.filter((action) => sieves.every((sieve) => sieve.actions.has(action)))
  return {
    test: (context) => {
      for (const test of tests) if (!test(context)) return false
      return true
    },
    actions: new Set(common),
  }
}

export function anyOf(sieves: readonly Sieve[]): Sieve {
  const [first, second] = sieves
  if (first !== undefined && second === undefined) return first
  const tests = sieves.map(({ test }) => test)
  return {
    test: (context) => {
      for (const test of tests) if (test(context)) return true
      return false
    },
    actions: new Set(sieves.flatMap((sieve) => [...sieve.actions])),
  }
}
