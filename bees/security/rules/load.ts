import { LineCounter, parseAllDocuments } from 'yaml'
import { CompiledRules } from './compiled-rules.ts'
import { inOrder, referencesOf } from './order.ts'
import { type Problem, rulesInvalid, shown } from './problem.ts'
import { type Rule, rule as ruleSchema } from './rule.ts'
import { problemsOf } from './schema-problems.ts'
import { compileFor } from './tenant-rules.ts'

export interface RuleFile {
  readonly name: string
  /** YAML; one document a rule. */
  readonly text: string
}

export interface LoadOptions {
  /** How late an event may be and still count towards windows. Milliseconds, default ten minutes. */
  readonly latenessMs?: number | undefined
}

export const defaultLatenessMs = 10 * 60_000
const largestFile = 1_000_000
const mostRules = 500
/** What an anchor may be repeated; a bomb of aliases repeats millions of times. */
const mostAliases = 50

/**
 * Rules from the text of their files, checked to the last reference: unknown fields, selections, settings and rules, circles,
 * selections and settings that nothing uses, patterns that do not compile.
 *
 * @throws BeeError BEE_SECURITY_RULE_INVALID that lists every mistake: file, path, what was received, what was expected
 */
export function loadRules(files: readonly RuleFile[], options: LoadOptions = {}): CompiledRules {
  const problems: Problem[] = []
  const fileOf = new Map<string, string>()
  const rules: Rule[] = []
  for (const file of files) {
    for (const given of documentsOf(file, problems)) {
      const read = ruleSchema.safeParse(given, { reportInput: true })
      if (!read.success) {
        problems.push(...problemsOf(read.error.issues, file.name, nameOf(given)))
        continue
      }
      const rule = read.data
      const earlier = fileOf.get(rule.id)
      if (earlier === undefined) {
        fileOf.set(rule.id, file.name)
        rules.push(rule)
      } else problems.push(problem(file.name, rule.id, 'id', rule.id, `an id of its own; ${earlier} has it too`))
    }
  }
  if (rules.length > mostRules)
    problems.push(problem('all files', 'rules', '', rules.length, `at most ${mostRules} rules`))
  const at = (id: string): string => fileOf.get(id) ?? 'unknown file'
  const known = new Set(rules.map(({ id }) => id))
  for (const rule of rules) {
    for (const { id, path } of referencesOf(rule)) {
      if (!known.has(id)) problems.push(problem(at(rule.id), rule.id, path, id, 'the id of a rule that exists'))
    }
  }
  const { rules: ordered, circles } = inOrder(rules)
  for (const circle of circles) {
    const [first = ''] = circle
    const received = circle.join(' -> ')
    problems.push(problem(at(first), first, 'any', received, 'rules that do not look at themselves'))
  }
  // Rules that are off are compiled as well, so that switching one on is no surprise.
  const latenessMs = options.latenessMs ?? defaultLatenessMs
  if (circles.length === 0) {
    const compiled = compileFor(ordered.map(switchedOn), {}, latenessMs)
    for (const { rule, mistake } of compiled.problems) {
      const { path, received, expected } = mistake
      const isReference = expected === 'the id of another rule'
      if (!isReference) problems.push({ file: at(rule), path: `${rule}: ${path}`, received, expected })
    }
    problems.push(...wrongReferences(rules, at))
  }
  if (problems.length > 0) throw rulesInvalid(problems)
  return new CompiledRules(ordered, latenessMs)
}

const switchedOn = (rule: Rule): Rule => (rule.maturity === 'off' ? { ...rule, maturity: 'incubating' } : rule)

/** A rule that only the clock completes has no event whose fields the next one could go by. */
function wrongReferences(rules: readonly Rule[], at: (id: string) => string): readonly Problem[] {
  const byClock = new Set(
    rules.filter(({ any }) => any.every(({ kind }) => kind === 'silence' || kind === 'metric')).map(({ id }) => id),
  )
  return rules.flatMap((rule) =>
    referencesOf(rule)
      .filter(({ id }) => byClock.has(id))
      .map(({ id, path }) => problem(at(rule.id), rule.id, path, id, 'a rule that an event completes')),
  )
}

function documentsOf(file: RuleFile, problems: Problem[]): readonly unknown[] {
  if (file.text.length > largestFile) {
    problems.push({
      file: file.name,
      path: 'file',
      received: `${file.text.length} characters`,
      expected: `at most ${largestFile}`,
    })
    return []
  }
  const lines = new LineCounter()
  const documents = parseAllDocuments(file.text, { lineCounter: lines, uniqueKeys: true, version: '1.2' })
  const parsed: unknown[] = []
  if (documents.length === 0 || !Array.isArray(documents)) {
    problems.push({ file: file.name, path: 'file', received: 'no document', expected: 'at least one rule' })
    return []
  }
  for (const document of documents) {
    const [error] = document.errors
    if (error !== undefined) {
      const { line, col } = lines.linePos(error.pos[0])
      const received = error.message.split('\n')[0] ?? error.code
      problems.push({ file: file.name, path: `line ${line}, column ${col}`, received, expected: 'YAML' })
      continue
    }
    try {
      parsed.push(document.toJS({ maxAliasCount: mostAliases }))
    } catch (error) {
      const received = error instanceof Error ? error.message : 'bad document'
      problems.push({ file: file.name, path: 'document', received, expected: `at most ${mostAliases} aliases` })
    }
  }
  return parsed
}

function nameOf(given: unknown): string {
  const id: unknown = typeof given === 'object' && given !== null && 'id' in given ? given.id : undefined
  return typeof id === 'string' ? id : 'rule without id'
}

function problem(file: string, rule: string, path: string, received: unknown, expected: string): Problem {
  return { file, path: path === '' ? rule : `${rule}: ${path}`, received: shown(received), expected }
}
