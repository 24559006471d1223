import type { z } from 'zod'
import { elementSchemas, memberSchemas, type Schema, unfold } from './schema-walk.ts'
import { scrubber } from './scrubber.ts'
import { hidesKeys, isHidden, sensitiveValues } from './sensitive.ts'

const MOST_NAMES = 5

/** One problem that zod found, as `path: expected ...`. Never the received value, never a name that is hidden data. */
export function issueText(schema: Schema, issue: z.core.$ZodIssue, value: unknown): string {
  const place = follow(schema, issue.path)
  const text = place.hidden && issue.code === 'unrecognized_keys' ? 'expected no other members' : expectation(issue)
  // An author's own message may quote the value.
  const said = scrubber(sensitiveValues(schema, value))(text)
  return `${place.text}: ${said}`
}

/** A path for people, with `*` for every step that is hidden data; the whole value is `the value`. */
export function pathText(schema: Schema, path: readonly PropertyKey[]): string {
  return follow(schema, path).text
}

function follow(schema: Schema, path: readonly PropertyKey[]): { readonly text: string; readonly hidden: boolean } {
  let unfolded = unfold([schema])
  let hidden = isHidden(unfolded)
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') {
      text += `[${step}]`
      unfolded = unfold(elementSchemas(unfolded, step))
    } else {
      const key = String(step)
      const name = hidden || hidesKeys(unfolded) ? '*' : cut(key)
      text += text === '' ? name : `.${name}`
      unfolded = unfold(memberSchemas(unfolded, key))
    }
    hidden ||= isHidden(unfolded)
  }
  return { text: text === '' ? 'the value' : cut(text, 200), hidden }
}

function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${issue.expected}`
    case 'too_small':
      return `expected ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}${unit(issue.origin)}`
    case 'too_big':
      return `expected ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}${unit(issue.origin)}`
    case 'invalid_format':
      return `expected the format ${issue.format}`
    case 'not_multiple_of':
      return `expected a multiple of ${issue.divisor}`
    case 'unrecognized_keys':
      return `expected no members but the declared ones, received ${names(issue.keys)} too`
    case 'invalid_value':
      return `expected ${issue.values.slice(0, 10).map(literal).join(' or ')}`
    case 'invalid_union':
      return issue.discriminator === undefined
        ? 'expected one of the alternatives'
        : `expected a known ${issue.discriminator}`
    case 'invalid_key':
      return 'expected other member names'
    case 'invalid_element':
      return 'expected other elements'
    default:
      return cut(issue.message, 200)
  }
}

const unit = (origin: string) =>
  origin === 'string' ? ' characters' : origin === 'array' || origin === 'set' ? ' elements' : ''
const literal = (value: unknown) => (typeof value === 'string' ? JSON.stringify(value) : String(value))
const cut = (text: string, length = 64) => (text.length <= length ? text : `${text.slice(0, length).toWellFormed()}...`)

function names(keys: readonly string[]): string {
  const shown = keys.slice(0, MOST_NAMES).map((key) => JSON.stringify(cut(key)))
  return keys.length > MOST_NAMES ? `${shown.join(', ')} and ${keys.length - MOST_NAMES} more` : shown.join(', ')
}
