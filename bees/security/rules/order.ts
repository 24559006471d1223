import type { Clause } from './clause.ts'
import type { Rule } from './rule.ts'

/** Ids of the rules whose hits a rule looks at, with the path where it says so. */
export function referencesOf(rule: Rule): readonly { readonly id: string; readonly path: string }[] {
  return rule.any.flatMap((clause, at) =>
    sourcesOf(clause).flatMap(({ of, path }) =>
      typeof of === 'object' ? [{ id: of.rule, path: `any[${at}].${path}.rule` }] : [],
    ),
  )
}

function sourcesOf(clause: Clause) {
  const sources = [{ of: clause.of, path: 'of' }]
  if ('stages' in clause) sources.push(...clause.stages.map(({ of }, at) => ({ of, path: `stages[${at}].of` })))
  if (clause.kind === 'absent') sources.push({ of: clause.unless, path: 'unless' })
  return sources
}

export interface Ordered {
  /** A rule after all whose hits it looks at; otherwise as given. */
  readonly rules: readonly Rule[]
  /** Rules that look at one another in a circle, each circle as the ids on the way. */
  readonly circles: readonly (readonly string[])[]
}

/** Topological order. Unknown references are left to others to complain about. */
export function inOrder(rules: readonly Rule[]): Ordered {
  const byId = new Map(rules.map((rule) => [rule.id, rule]))
  const done = new Set<string>()
  const ordered: Rule[] = []
  const circles: string[][] = []
  const visit = (rule: Rule, way: readonly string[]): void => {
    if (done.has(rule.id)) return
    const seen = way.indexOf(rule.id)
    if (seen >= 0) {
      circles.push([...way.slice(seen), rule.id])
      return
    }
    for (const { id } of referencesOf(rule)) {
      const next = byId.get(id)
      if (next !== undefined) visit(next, [...way, rule.id])
    }
    if (done.has(rule.id)) return
    done.add(rule.id)
    ordered.push(rule)
  }
  for (const rule of rules) visit(rule, [])
  return { rules: ordered, circles }
}
