import type { Action, EventField } from '../events/event.ts'
import type { Clause, Source } from './clause.ts'
import { hitNone, hitOnset } from './context.ts'
import { durationMs } from './duration.ts'
import { factNames, isEventField, placeholdersIn } from './explanation.ts'
import type { Group, Groups } from './group.ts'
import type { Judge, Verdict } from './judge.ts'
import { compileAbsent } from './kinds/absent.ts'
import { compileBaseline } from './kinds/baseline.ts'
import { compileGap } from './kinds/gap.ts'
import { compileLeaky } from './kinds/leaky.ts'
import { compileMatch } from './kinds/match.ts'
import { compileMetric } from './kinds/metric.ts'
import { compileNewValue } from './kinds/new-value.ts'
import { compileRun } from './kinds/run.ts'
import { compileSilence } from './kinds/silence.ts'
import { compileTemporal } from './kinds/temporal.ts'
import { compileTravel } from './kinds/travel.ts'
import { compileWindow } from './kinds/window.ts'
import { RuleMistake } from './problem.ts'
import type { Rule } from './rule.ts'
import { anyOf, Selections, type Tests } from './selections.ts'
import type { Settings } from './settings.ts'
import type { CompiledSource, Workshop } from './workshop.ts'

export interface CompiledClause {
  readonly judge: Judge
  readonly verdict: Verdict
  /** Fields that the clause is grouped by. */
  readonly by: readonly EventField[]
}

export interface CompiledRule {
  readonly rule: Rule
  /** Its place among the compiled rules: a rule comes after those whose hits it looks at. */
  readonly index: number
  readonly clauses: readonly CompiledClause[]
  readonly actions: ReadonlySet<Action>
  readonly dedup: readonly EventField[]
  readonly dedupGroup: Group
  readonly suppressMs: number
  readonly quietMs: number
  /** Set by the rule's tier or by the tenant. */
  readonly isQuiet: boolean
}

/** Shared by the rules that are compiled together. */
export interface Together {
  readonly tests: Tests
  readonly groups: Groups
  readonly latenessMs: number
  /** Rules that have been compiled, by id. */
  readonly done: ReadonlyMap<string, CompiledRule>
  /** Ids of rules that exist but are off: their hits never come. */
  readonly off: ReadonlySet<string>
}

/**
 * A rule with the settings of one tenant, as closures.
 *
 * @returns mistakes too: all of them, not only the first
 */
export function compileRule(
  rule: Rule,
  settings: Settings,
  isQuiet: boolean,
  together: Together,
): { readonly compiled: CompiledRule; readonly mistakes: readonly RuleMistake[] } {
  const mistakes: RuleMistake[] = []
  const attempt = <Result>(make: () => Result): Result | undefined => {
    try {
      return make()
    } catch (error) {
      if (!(error instanceof RuleMistake)) throw error
      mistakes.push(error)
      return undefined
    }
  }
  const selections = new Selections(rule, settings, together.tests)
  mistakes.push(...selections.mistakes)
  const clauses = rule.any.flatMap((clause, at): CompiledClause[] => {
    const path = `any[${at}]`
    const workshop = workshopOf(rule, settings, selections, together, `${rule.id}.${rule.version}.${at}`, path)
    const judge = attempt(() => compileClause(clause, workshop))
    mistakes.push(...templateMistakes(rule, clause, path))
    if (judge === undefined) return []
    const by = ('by' in clause ? clause.by : []) as readonly EventField[]
    return [{ judge, verdict: verdictOf(rule, clause), by }]
  })
  const unused = selections.names.filter((name) => !selections.used.has(name))
  for (const name of unused) {
    mistakes.push(new RuleMistake(`detection.${name}`, name, 'a selection that a condition uses, or none'))
  }
  for (const name of Object.keys(rule.settings)) {
    if (settings.used.has(name)) continue
    mistakes.push(new RuleMistake(`settings.${name}`, name, `a setting that is used as $${name}, or none`))
  }
  const { field } = rule.entity
  const dedup = (rule.dedup ?? (field === undefined ? [] : [field])) as readonly EventField[]
  const compiled: CompiledRule = {
    rule,
    index: together.done.size,
    clauses,
    actions: new Set(clauses.flatMap(({ judge }) => [...judge.actions])),
    dedup,
    dedupGroup: together.groups.of(dedup, dedup, true),
    suppressMs: durationMs(rule.suppress),
    quietMs: rule.quiet === undefined ? 0 : durationMs(rule.quiet),
    isQuiet: isQuiet || rule.maturity === 'incubating',
  }
  return { compiled, mistakes }
}

function workshopOf(
  rule: Rule,
  settings: Settings,
  selections: Selections,
  together: Together,
  slot: string,
  path: string,
): Workshop {
  const source = (of: Source | undefined, at: string): CompiledSource => {
    if (typeof of === 'object') return hitsOf(of.rule, of.onset === true, together, at)
    const text = of ?? rule.detection.condition ?? onlyOne(selections.names)
    if (text === undefined) throw new RuleMistake(at, 'no `of`', 'a condition here, or detection.condition')
    const { test, actions } = selections.condition(text, of === undefined ? 'detection.condition' : at)
    return { test, concerns: test, actions }
  }
  return {
    settings,
    latenessMs: together.latenessMs,
    slot,
    path,
    group: (by, aliases) =>
      together.groups.of(by as readonly EventField[], aliases as readonly EventField[] | undefined),
    source,
    condition: (text, at) => selections.condition(text, at),
  }
}

const onlyOne = (names: readonly string[]): string | undefined => (names.length === 1 ? names[0] : undefined)

function hitsOf(id: string, isOnset: boolean, { done, off }: Together, path: string): CompiledSource {
  if (off.has(id)) return { test: () => false, concerns: () => false, actions: new Set() }
  const rule = done.get(id)
  if (rule === undefined) throw new RuleMistake(path, id, 'the id of another rule')
  const least = isOnset ? hitOnset : hitNone + 1
  const whole = anyOf(rule.clauses.map(({ judge }) => ({ test: judge.concerns, actions: judge.actions })))
  return {
    test: (context) => (context.hits[rule.index] ?? hitNone) >= least,
    concerns: whole.test,
    actions: rule.actions,
  }
}

function compileClause(clause: Clause, workshop: Workshop): Judge {
  switch (clause.kind) {
    case 'match':
      return compileMatch(clause, workshop)
    case 'window':
    case 'event_count':
    case 'value_count':
    case 'value_sum':
    case 'ratio':
      return compileWindow(clause, workshop)
    case 'temporal':
    case 'temporal_ordered':
      return compileTemporal(clause, workshop)
    case 'absent':
      return compileAbsent(clause, workshop)
    case 'new_value':
      return compileNewValue(clause, workshop)
    case 'gap':
      return compileGap(clause, workshop)
    case 'baseline':
      return compileBaseline(clause, workshop)
    case 'travel':
      return compileTravel(clause, workshop)
    case 'leaky':
      return compileLeaky(clause, workshop)
    case 'run':
      return compileRun(clause, workshop)
    case 'silence':
      return compileSilence(clause, workshop)
    case 'metric':
      return compileMetric(clause, workshop)
  }
}

function verdictOf(rule: Rule, clause: Clause): Verdict {
  return {
    severity: clause.severity ?? rule.severity,
    confidence: clause.confidence ?? rule.confidence,
    response: clause.response === undefined ? rule.response : clause.response,
    risk: clause.risk ?? rule.risk,
    explain: clause.explain ?? rule.explain,
    name: clause.name,
  }
}

function templateMistakes(rule: Rule, clause: Clause, path: string): readonly RuleMistake[] {
  const template = clause.explain ?? rule.explain
  const at = clause.explain === undefined ? 'explain' : `${path}.explain`
  const facts = factNames(clause)
  // A rule's own sentence serves all its clauses; a fact that only one of them gives would be missing in the others.
  return placeholdersIn(template ?? '')
    .filter((name) => !facts.includes(name) && !isEventField(name))
    .map(
      (name) =>
        new RuleMistake(at, `{${name}}`, `a field of events, or one of ${facts.join(', ') || 'no facts'} (${path})`),
    )
}
