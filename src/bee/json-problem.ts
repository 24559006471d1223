/** Deeper values are refused: recursion in the programs behind us must not decide where the end is. */
export const DEEPEST_JSON = 64

const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype'])

export interface JsonProblem {
  readonly path: readonly (string | number)[]
  readonly problem: string
}

/**
 * What keeps a value from being plain JSON that every program behind us takes: foreign objects, numbers without JSON
 * text, names that reach prototypes, text that is no Unicode (lone surrogates) or that Postgres cannot store (U+0000).
 */
export function jsonProblem(value: unknown, path: readonly (string | number)[] = []): JsonProblem | undefined {
  if (path.length > DEEPEST_JSON)
    return { path: path.slice(0, 8), problem: `nested deeper than ${DEEPEST_JSON} levels` }
  if (value === null || typeof value === 'boolean') return undefined
  if (typeof value === 'string') return problemAt(path, textProblem(value))
  if (typeof value === 'number') return problemAt(path, Number.isFinite(value) ? undefined : 'not a finite number')
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      const found = jsonProblem(item, [...path, index])
      if (found !== undefined) return found
    }
    return undefined
  }
  if (typeof value !== 'object' || !isPlain(value)) return { path, problem: `not JSON (${kindOf(value)})` }
  for (const [key, member] of Object.entries(value)) {
    if (FORBIDDEN_KEYS.has(key)) return { path, problem: `a member named ${key}, which reaches into prototypes` }
    const keyProblem = textProblem(key)
    if (keyProblem !== undefined) return { path, problem: `a member name with ${keyProblem}` }
    const found = member === undefined ? undefined : jsonProblem(member, [...path, key])
    if (found !== undefined) return found
  }
  return undefined
}

function textProblem(text: string): string | undefined {
  if (!text.isWellFormed()) return 'a lone surrogate, which is no Unicode text'
  return text.includes('\u0000') ? 'the character U+0000, which Postgres cannot store' : undefined
}

const problemAt = (path: JsonProblem['path'], problem: string | undefined) =>
  problem === undefined ? undefined : { path, problem }

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null
}

function kindOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return typeof value
  return value.constructor?.name ?? 'object'
}
