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
export function jsonProblem(value: unknown, depth = 0): JsonProblem | undefined {
  if (value === null || typeof value === 'boolean') return undefined
  if (typeof value === 'string') return here(textProblem(value))
  if (typeof value === 'number') return here(Number.isFinite(value) ? undefined : 'not a finite number')
  if (depth >= DEEPEST_JSON) return here(`nested deeper than ${DEEPEST_JSON} levels`)
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      const inside = jsonProblem(item, depth + 1)
      if (inside !== undefined) return under(index, inside)
    }
    return undefined
  }
  if (typeof value !== 'object' || !isPlain(value)) return here(`not JSON (${kindOf(value)})`)
  for (const [key, member] of Object.entries(value)) {
    if (FORBIDDEN_KEYS.has(key)) return here(`a member named ${key}, which reaches into prototypes`)
    const keyProblem = textProblem(key)
    if (keyProblem !== undefined) return here(`a member name with ${keyProblem}`)
    const inside = member === undefined ? undefined : jsonProblem(member, depth + 1)
    if (inside !== undefined) return under(key, inside)
  }
  return undefined
}

function textProblem(text: string): string | undefined {
  if (!text.isWellFormed()) return 'a lone surrogate, which is no Unicode text'
  return text.includes('\u0000') ? 'the character U+0000, which Postgres cannot store' : undefined
}

const here = (problem: string | undefined) => (problem === undefined ? undefined : { path: [], problem })
const under = (step: string | number, { path, problem }: JsonProblem) => ({ path: [step, ...path], problem })

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null
}

function kindOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return typeof value
  return value.constructor?.name ?? 'object'
}
