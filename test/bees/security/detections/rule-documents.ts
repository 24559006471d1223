import { parseAllDocuments, stringify } from 'yaml'
import {
  type CompiledRules,
  type FixtureResult,
  loadRules,
  type Rule,
  ruleFilesOf,
  runFixtures,
  shippedFolder,
} from '../../../../bees/security/rules/index.ts'

/** A rule as it is written, not yet checked: what a person who adopts it edits. */
export type RuleDocument = { -readonly [Key in keyof Rule]: Rule[Key] }

export interface RuleText {
  readonly file: string
  readonly rule: RuleDocument
  /** As in the file, with comments. */
  readonly text: string
}

/** All rules that come with the Security Bee, in the order of the files. */
export const ruleTexts: readonly RuleText[] = ruleFilesOf(shippedFolder).flatMap(({ name, text }) => {
  const texts = text.split(/^---\n/m)
  return parseAllDocuments(text).map((document, at) => ({
    file: name,
    rule: document.toJS() as RuleDocument,
    text: texts[at] ?? '',
  }))
})

const byId = new Map(ruleTexts.map((one) => [one.rule.id, one]))

/** Ids of a rule and of all whose hits it looks at, near and far. */
export function closureOf(id: string, found: Set<string> = new Set()): ReadonlySet<string> {
  if (found.has(id)) return found
  found.add(id)
  const clauses = JSON.stringify(byId.get(id)?.rule.any ?? [])
  for (const [, next] of clauses.matchAll(/"rule":"(\w+)"/g)) closureOf(next ?? '', found)
  return found
}

/** A rule with what it needs and nothing else: what the others do is none of its business, and it is faster. */
export function compileClosure(id: string, changed?: RuleDocument): CompiledRules {
  const files = [...closureOf(id)].map((one) => ({
    name: `${one}.yml`,
    text: stringify(one === id && changed !== undefined ? changed : byId.get(one)?.rule, {
      aliasDuplicateObjects: false,
    }),
  }))
  return loadRules(files)
}

/** Plays the fixtures of one rule, as it is or changed. */
export function playRule(id: string, changed?: RuleDocument): readonly FixtureResult[] {
  return runFixtures(compileClosure(id, changed), id)
}
