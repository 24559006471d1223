import { postgrestError } from './postgrest-error.ts'
import type { ExposedFunction, FunctionParameter, SchemaCache } from './schema-cache.ts'

/** A function and how the body becomes its arguments. */
export interface FunctionCall {
  readonly function: ExposedFunction
  /** The one parameter without a name that takes the body as a whole. */
  readonly wholeBody: FunctionParameter | undefined
}

/**
 * The one function that can be called with exactly these argument names.
 * @throws ReplyError PGRST202 (404) when there is none, PGRST203 (300) when there are several.
 */
export function resolveFunction(cache: SchemaCache, name: string, argumentNames: readonly string[]): FunctionCall {
  const overloads = cache.functions.get(name) ?? []
  const named = overloads.filter((candidate) => fits(candidate, argumentNames))
  if (named.length > 1) throw ambiguous(named)
  const [match] = named
  if (match !== undefined) return { function: match, wholeBody: undefined }
  const whole = overloads.filter(takesWholeBody)
  if (whole.length > 1) throw ambiguous(whole)
  const [single] = whole
  if (single !== undefined) return { function: single, wholeBody: single.parameters[0] }
  throw missing(cache, name, argumentNames)
}

function fits(candidate: ExposedFunction, names: readonly string[]): boolean {
  const known = new Map(candidate.parameters.map((parameter) => [parameter.name, parameter]))
  if (known.has('')) return false
  return (
    names.every((name) => known.has(name)) &&
    candidate.parameters.every((parameter) => parameter.optional || names.includes(parameter.name))
  )
}

function takesWholeBody({ parameters: [first, ...others] }: ExposedFunction): boolean {
  return first !== undefined && others.length === 0 && first.name === '' && /^jsonb?$/.test(first.type)
}

function missing(cache: SchemaCache, name: string, argumentNames: readonly string[]) {
  const wanted = `public.${name}`
  const list = argumentNames.join(', ')
  const withArguments = argumentNames.length === 0 ? 'without parameters' : `with parameters ${list}`
  const similar = closest(name, [...cache.functions.keys()])
  return postgrestError(404, {
    code: 'PGRST202',
    message: `Could not find the function ${argumentNames.length === 0 ? `${wanted} without parameters` : `${wanted}(${list})`} in the schema cache`,
    details: `Searched for the function ${wanted} ${withArguments} or with a single unnamed json/jsonb parameter, but no matches were found in the schema cache.`,
    hint: similar === undefined ? null : `Perhaps you meant to call the function public.${similar}`,
  })
}

function ambiguous(candidates: readonly ExposedFunction[]) {
  const signatures = candidates.map(
    ({ name, parameters }) => `public.${name}(${parameters.map((p) => `${p.name} => ${p.type}`).join(', ')})`,
  )
  return postgrestError(300, {
    code: 'PGRST203',
    message: `Could not choose the best candidate function between: ${signatures.join(', ')}`,
    hint: 'Try renaming the parameters or the function itself in the database so function overloading can be resolved',
  })
}

/** The most similar name, if any is similar: shares at least half of its pairs of letters. */
function closest(name: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined
  let bestScore = 0.5
  for (const candidate of candidates) {
    const score = similarity(name, candidate)
    if (score >= bestScore) [best, bestScore] = [candidate, score]
  }
  return best
}

function similarity(one: string, other: string): number {
  const pairs = (text: string) =>
    new Set(Array.from({ length: text.length + 1 }, (_, i) => `^${text}$`.slice(i, i + 2)))
  const [a, b] = [pairs(one), pairs(other)]
  const shared = [...a].filter((pair) => b.has(pair)).length
  return (2 * shared) / (a.size + b.size)
}
