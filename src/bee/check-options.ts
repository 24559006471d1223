import { inspect } from 'node:util'
import { BeeError } from '../errors.ts'

/** One rule for one option: what is expected, in words, and whether a value is that. */
export interface Rule {
  readonly expected: string
  readonly accepts: (value: unknown) => boolean
  /** @default false */
  readonly optional?: boolean | undefined
}

export type Rules = Readonly<Record<string, Rule>>

export const integer = (least: number, most: number): Rule => ({
  expected: `an integer from ${least} to ${most}`,
  accepts: (value) => typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most,
})

export const text = (mostCharacters: number): Rule => ({
  expected: `text of 1 to ${mostCharacters} characters`,
  accepts: (value) => typeof value === 'string' && value.trim() !== '' && value.length <= mostCharacters,
})

export const aFunction: Rule = { expected: 'a function', accepts: (value) => typeof value === 'function' }

export const optional = (rule: Rule): Rule => ({ ...rule, optional: true })

/**
 * Checks every option by its rule and refuses options that no rule knows, so that a typing error is not a silent default.
 *
 * @throws BeeError BEE_BEE_INVALID which prints the option, what was expected and what was received.
 */
export function checkOptions(what: string, options: unknown, rules: Rules): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw invalid(what, 'an options object', options)
  }
  const given = new Map<string, unknown>(Object.entries(options))
  for (const name of given.keys()) {
    if (!Object.hasOwn(rules, name)) {
      throw new BeeError(
        'BEE_BEE_INVALID',
        `${what}: unknown option ${name}; known are ${Object.keys(rules).join(', ')}`,
      )
    }
  }
  for (const [name, rule] of Object.entries(rules)) {
    const value = given.get(name)
    if (value === undefined && rule.optional === true) continue
    if (!rule.accepts(value)) throw invalid(`${what}: ${name}`, rule.expected, value)
  }
}

export function invalid(what: string, expected: string, received: unknown): BeeError {
  return new BeeError('BEE_BEE_INVALID', `${what}: expected ${expected}, received ${shownValue(received)}`)
}

/** A value for a message: short, with its type. */
export function shownValue(value: unknown): string {
  if (value === undefined) return 'nothing'
  const printed = inspect(value, { depth: 0, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 60 })
  return `${printed.length > 80 ? `${printed.slice(0, 80)}...` : printed} (${value === null ? 'null' : typeof value})`
}
