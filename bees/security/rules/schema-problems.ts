import type { z } from '../../../src/bee/index.ts'
import { type Problem, shown } from './problem.ts'

type Issue = z.core.$ZodIssue

/** What zod found, one line for each mistake. */
export function problemsOf(issues: readonly Issue[], file: string, rule: string): readonly Problem[] {
  return issues.flatMap((issue) => linesOf(issue, [])).map((line) => ({ file, ...line, path: `${rule}: ${line.path}` }))
}

type Line = Omit<Problem, 'file'>

function linesOf(issue: Issue, before: readonly PropertyKey[]): readonly Line[] {
  const whole = [...before, ...issue.path]
  const path = pathOf(whole)
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: pathOf([...whole, key]), received: shown(key), expected: 'no such key' }))
  }
  if (issue.code === 'invalid_union') {
    const [only] = issue.errors
    if (issue.errors.length === 1 && only !== undefined) return only.flatMap((inner) => linesOf(inner, whole))
    // The alternative that came furthest says most.
    const deepest = issue.errors.toSorted((a, b) => depthOf(b) - depthOf(a))[0]
    if (deepest !== undefined && depthOf(deepest) > 0) return deepest.flatMap((inner) => linesOf(inner, whole))
    if ('discriminator' in issue && typeof issue.discriminator === 'string') {
      const given = inputOf(issue)
      const kind: unknown =
        typeof given === 'object' && given !== null ? Reflect.get(given, issue.discriminator) : given
      return [{ path: pathOf([...whole]), received: shown(kind), expected: 'one of the kinds of clauses' }]
    }
    const expected = [...new Set(issue.errors.flat().map(({ message }) => clean(message)))].join(', or ')
    return [{ path, received: shown(inputOf(issue)), expected }]
  }
  if (issue.code === 'invalid_key' || issue.code === 'invalid_element') {
    return issue.issues.flatMap((inner) => linesOf({ ...inner, path: [] }, whole))
  }
  return [{ path, received: shown(inputOf(issue)), expected: expectedOf(issue) }]
}

const depthOf = (issues: readonly Issue[]): number => Math.max(0, ...issues.map(({ path }) => path.length))

function inputOf(issue: Issue): unknown {
  return 'input' in issue ? issue.input : undefined
}

function expectedOf(issue: Issue): string {
  if (issue.code === 'invalid_type') return `a value of type ${issue.expected}`
  if (issue.code === 'invalid_value') return `one of ${issue.values.map(String).join(', ')}`
  return clean(issue.message)
}

const clean = (message: string): string => message.replace(/^(Invalid input|Invalid string|Too \w+): /, '')

function pathOf(path: readonly PropertyKey[]): string {
  let text = ''
  for (const part of path) text += typeof part === 'number' ? `[${part}]` : `${text === '' ? '' : '.'}${String(part)}`
  return text === '' ? 'document' : text
}
