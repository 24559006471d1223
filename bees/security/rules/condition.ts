import { RuleMistake } from './problem.ts'

/** A condition over selections, as Sigma writes it. */
export type Condition =
  | { readonly op: 'selection'; readonly name: string }
  | { readonly op: 'not'; readonly inner: Condition }
  | { readonly op: 'and' | 'or'; readonly parts: readonly Condition[] }

const tokenShape = /\s*(\(|\)|[A-Za-z0-9_*]+)/y
const deepest = 20

/**
 * `a and not (b or 1 of known_*)`; `all of x*`, `1 of them`, `all of them`; `not` binds tightest, then `and`, then `or`.
 *
 * @param names of the rule's selections
 * @throws RuleMistake with `path`
 */
export function parseCondition(text: string, names: readonly string[], path: string): Condition {
  const tokens = tokensOf(text, path)
  let at = 0
  const fail = (expected: string): never => {
    throw new RuleMistake(path, text, `${expected} at ${at < tokens.length ? `"${tokens[at]}"` : 'the end'}`)
  }
  const isWord = (word: string): boolean => tokens[at]?.toLowerCase() === word

  const parseOr = (depth: number): Condition => {
    if (depth > deepest) fail(`at most ${deepest} parentheses inside one another`)
    const parts = [parseAnd(depth)]
    while (isWord('or')) {
      at += 1
      parts.push(parseAnd(depth))
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { op: 'or', parts }
  }
  const parseAnd = (depth: number): Condition => {
    const parts = [parseNot(depth)]
    while (isWord('and')) {
      at += 1
      parts.push(parseNot(depth))
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { op: 'and', parts }
  }
  const parseNot = (depth: number): Condition => {
    if (depth > deepest) fail(`at most ${deepest} levels`)
    if (isWord('not')) {
      at += 1
      return { op: 'not', inner: parseNot(depth + 1) }
    }
    return parseAtom(depth)
  }
  const parseAtom = (depth: number): Condition => {
    const token = tokens[at]
    if (token === undefined) return fail('a selection')
    if (token === '(') {
      at += 1
      const inner = parseOr(depth + 1)
      if (tokens[at] !== ')') fail('")"')
      at += 1
      return inner
    }
    if ((token === '1' || token.toLowerCase() === 'all') && tokens[at + 1]?.toLowerCase() === 'of') {
      at += 2
      const found = namesOf(tokens[at] ?? '')
      if (found.length === 0) fail(`a selection or pattern of ${names.join(', ')}`)
      at += 1
      const parts = found.map((name): Condition => ({ op: 'selection', name }))
      return { op: token === '1' ? 'or' : 'and', parts }
    }
    if (!names.includes(token)) fail(`one of the selections ${names.join(', ')}`)
    at += 1
    return { op: 'selection', name: token }
  }
  const namesOf = (pattern: string): readonly string[] => {
    if (pattern.toLowerCase() === 'them') return names.filter((name) => !name.startsWith('_'))
    const pieces = pattern.split('*')
    return names.filter((name) => fits(name, pieces))
  }

  const whole = parseOr(0)
  if (at < tokens.length) fail('"and", "or" or the end')
  return whole
}

function tokensOf(text: string, path: string): readonly string[] {
  const tokens: string[] = []
  tokenShape.lastIndex = 0
  let end = 0
  while (end < text.length) {
    if (text.slice(end).trim() === '') break
    const found = tokenShape.exec(text)
    if (found === null) throw new RuleMistake(path, text, 'selections, and, or, not, 1 of, all of and parentheses')
    tokens.push(found[1] ?? '')
    end = tokenShape.lastIndex
  }
  return tokens
}

/** Whether a name is the pieces of a pattern with anything at its stars. Names are short; no backtracking. */
function fits(name: string, pieces: readonly string[]): boolean {
  const [first = '', ...rest] = pieces
  if (rest.length === 0) return name === first
  if (!name.startsWith(first)) return false
  let from = first.length
  const last = rest[rest.length - 1] ?? ''
  for (const piece of rest.slice(0, -1)) {
    const found = name.indexOf(piece, from)
    if (found < 0) return false
    from = found + piece.length
  }
  return name.length - last.length >= from && name.endsWith(last)
}

/** Names of the selections in it. */
export function selectionsIn(condition: Condition): readonly string[] {
  if (condition.op === 'selection') return [condition.name]
  if (condition.op === 'not') return selectionsIn(condition.inner)
  return condition.parts.flatMap(selectionsIn)
}
