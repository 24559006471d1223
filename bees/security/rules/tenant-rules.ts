import type { Action, SecurityEvent } from '../events/event.ts'
import { actions } from '../events/event.ts'
import { type CompiledClause, type CompiledRule, compileRule, type Together } from './compile.ts'
import type { Context } from './context.ts'
import { Groups } from './group.ts'
import type { RuleMistake } from './problem.ts'
import type { Rule } from './rule.ts'
import { Tests } from './selections.ts'
import { type Overrides, settingsOf } from './settings.ts'

/** A rule that an event concerns, and by which of its clauses. */
export interface Concerned {
  readonly rule: CompiledRule
  readonly clauses: readonly CompiledClause[]
}

/** Rules with one tenant's settings, ready to judge its events. */
export interface TenantRules {
  /** Those that are on; a rule after all whose hits it looks at. */
  readonly rules: readonly CompiledRule[]
  /** Rules that the event of the context concerns: follows from the event alone, and is remembered as long as it lives. */
  readonly concerned: (context: Context) => readonly Concerned[]
  readonly groups: Groups
  readonly tests: number
  readonly latenessMs: number
  /** Settings that were not taken, and why; the rule runs with its defaults in their place. */
  readonly problems: readonly { readonly rule: string; readonly mistake: RuleMistake }[]
}

/**
 * @param ordered rules in the order of their references
 * @param overrides what the tenant says otherwise; what is wrong in them is told and left out, since a slip in one setting
 *   must not end the watching
 */
export function compileFor(ordered: readonly Rule[], overrides: Overrides, latenessMs: number): TenantRules {
  const done = new Map<string, CompiledRule>()
  const off = new Set<string>()
  const tests = new Tests()
  const groups = new Groups()
  const together: Together = { tests, groups, latenessMs, done, off }
  const problems: { rule: string; mistake: RuleMistake }[] = []
  for (const rule of ordered) {
    const override = Object.hasOwn(overrides, rule.id) ? overrides[rule.id] : undefined
    if (rule.maturity === 'off' || override?.mode === 'off') {
      off.add(rule.id)
      continue
    }
    const isQuiet = override?.mode === 'quiet'
    const own = settingsOf(rule, override)
    for (const mistake of own.mistakes) problems.push({ rule: rule.id, mistake })
    let { compiled, mistakes } = compileRule(rule, own.settings, isQuiet, together)
    for (const mistake of mistakes) problems.push({ rule: rule.id, mistake })
    if (mistakes.length > 0 && override?.values !== undefined) {
      // Each setting fits its type, but not the rule (a regular expression, a threshold too high to count).
      compiled = compileRule(rule, settingsOf(rule, undefined).settings, isQuiet, together).compiled
    }
    done.set(rule.id, compiled)
  }
  const rules = [...done.values()]
  const byAction = new Map(actions.map((action) => [action, rules.filter((rule) => rule.actions.has(action))]))
  return { rules, concerned: concernedBy(byAction), groups, tests: tests.count, latenessMs, problems }
}

function concernedBy(byAction: ReadonlyMap<Action, readonly CompiledRule[]>): TenantRules['concerned'] {
  const known = new WeakMap<SecurityEvent, readonly Concerned[]>()
  return (context) => {
    const { event } = context
    const before = known.get(event)
    if (before !== undefined) return before
    const concerned: Concerned[] = []
    for (const rule of byAction.get(event.action) ?? []) {
      const clauses = rule.clauses.filter(({ judge }) => judge.concerns(context))
      if (clauses.length > 0) concerned.push({ rule, clauses })
    }
    known.set(event, concerned)
    return concerned
  }
}
