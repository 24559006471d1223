import { BlockList, isIP } from 'node:net'
import { RE2JS } from 're2js'
import type { EventField } from '../events/event.ts'
import { eventFields } from '../events/event.ts'
import { RuleMistake } from './problem.ts'

type Scalar = string | number | boolean | null
/** Whether a field's value passes; undefined: the event lacks the field. */
export type Check = (value: unknown, other?: unknown) => boolean

const longestRegex = 500

/** The tests of one item of a selection. `combine` says whether all of the values must pass, or one. */
export interface Item {
  readonly field: EventField
  /** The other field, for fieldref. */
  readonly other: EventField | undefined
  readonly check: Check
  /** The values, where it is a plain comparison with texts: from them follows which actions can pass. */
  readonly plain: readonly string[] | undefined
}

const known = ['contains', 'startswith', 'endswith', 're', 'cidr', 'gt', 'gte', 'lt', 'lte', 'neq', 'exists'] as const
const helpers = ['fieldref', 'all', 'cased', 'hour', 'weekday'] as const
type Operator = (typeof known)[number]

/**
 * `field|modifier…: values` as a function.
 *
 * @throws RuleMistake for an unknown field or modifier, a value of the wrong type, a bad regex or network
 */
export function itemOf(name: string, values: readonly Scalar[], path: string): Item {
  const [fieldName = '', ...modifiers] = name.split('|')
  const field = eventFields.find((one) => one === fieldName)
  if (field === undefined) throw new RuleMistake(path, fieldName, 'a field of events (docs/security-events.md)')
  for (const modifier of modifiers) {
    const all: readonly string[] = [...known, ...helpers]
    if (!all.includes(modifier)) throw new RuleMistake(path, modifier, `one of the modifiers ${all.join(', ')}`)
  }
  const has = (modifier: string): boolean => modifiers.includes(modifier)
  const operators = known.filter((one) => has(one))
  if (operators.length > 1) throw new RuleMistake(path, name, `one of ${operators.join(', ')}`)
  const [operator] = operators
  if ((has('hour') || has('weekday')) && field !== 'time')
    throw new RuleMistake(path, name, 'hour and weekday of `time`')
  if (has('fieldref')) return fieldRef(field, values, operator, path)
  const checks = values.map((value) => checkOf(operator, value, has('cased'), path))
  const set = operator === undefined && checks.length > 3 ? setCheck(values, has('cased')) : undefined
  const [only] = checks
  const combined: Check =
    checks.length === 1 && only !== undefined
      ? only
      : operator === 'neq'
        ? (value) => value !== undefined && checks.every((check) => check(value))
        : has('all') && checks.length > 0
          ? (value) => checks.every((check) => check(value))
          : (set ?? ((value) => checks.some((check) => check(value))))
  const part = has('hour') ? hourOf : has('weekday') ? weekdayOf : undefined
  const isPlain = operator === undefined && part === undefined && !has('all')
  const texts = values.filter((value): value is string => typeof value === 'string' && !/[*?\\]/.test(value))
  return {
    field,
    other: undefined,
    check: part === undefined ? combined : (value) => combined(part(value)),
    plain: isPlain && texts.length === values.length ? texts : undefined,
  }
}

const hourOf = (time: unknown): number => new Date(Number(time)).getUTCHours()
/** Monday 1 … Sunday 7. */
const weekdayOf = (time: unknown): number => ((new Date(Number(time)).getUTCDay() + 6) % 7) + 1

function fieldRef(field: EventField, values: readonly Scalar[], operator: Operator | undefined, path: string): Item {
  const other = eventFields.find((one) => one === values[0])
  if (other === undefined || values.length !== 1) throw new RuleMistake(path, values, 'the name of one field of events')
  if (operator !== undefined && operator !== 'neq') throw new RuleMistake(path, operator, 'fieldref alone, or with neq')
  const check: Check =
    operator === 'neq'
      ? (value, ref) => value !== undefined && ref !== undefined && value !== ref
      : (value, ref) => value !== undefined && value === ref
  return { field, other, check, plain: undefined }
}

function checkOf(operator: Operator | undefined, value: Scalar, isCased: boolean, path: string): Check {
  if (operator === undefined) return equals(value, isCased)
  if (operator === 'neq') {
    const same = equals(value, isCased)
    return (given) => given !== undefined && !same(given)
  }
  if (operator === 'exists') {
    if (typeof value !== 'boolean') throw new RuleMistake(path, value, 'true or false')
    return (given) => (given !== undefined) === value
  }
  if (operator === 'gt' || operator === 'gte' || operator === 'lt' || operator === 'lte') {
    if (typeof value !== 'number') throw new RuleMistake(path, value, 'a number')
    const compare = comparer(operator)
    return (given) => typeof given === 'number' && compare(given, value)
  }
  if (typeof value !== 'string' || value === '') throw new RuleMistake(path, value, 'a text')
  if (operator === 'cidr') return inNetwork(value, path)
  if (operator === 're') return regex(value, path)
  const lower = isCased ? value : value.toLowerCase()
  const fold = (given: string): string => (isCased ? given : given.toLowerCase())
  if (operator === 'contains') return (given) => typeof given === 'string' && fold(given).includes(lower)
  if (operator === 'startswith') return (given) => typeof given === 'string' && fold(given).startsWith(lower)
  return (given) => typeof given === 'string' && fold(given).endsWith(lower)
}

export function comparer(operator: 'gt' | 'gte' | 'lt' | 'lte' | 'eq'): (a: number, b: number) => boolean {
  if (operator === 'gt') return (a, b) => a > b
  if (operator === 'gte') return (a, b) => a >= b
  if (operator === 'lt') return (a, b) => a < b
  if (operator === 'lte') return (a, b) => a <= b
  return (a, b) => a === b
}

function equals(value: Scalar, isCased: boolean): Check {
  if (value === null) return (given) => given === undefined
  if (typeof value !== 'string') return (given) => given === value
  if (/[*?\\]/.test(value)) return wildcard(value, isCased)
  if (isCased) return (given) => given === value
  const lower = value.toLowerCase()
  return (given) => given === value || (typeof given === 'string' && given.toLowerCase() === lower)
}

function setCheck(values: readonly Scalar[], isCased: boolean): Check | undefined {
  if (!values.every((value) => typeof value === 'string' && !/[*?\\]/.test(value))) {
    return values.every((value) => typeof value === 'number') ? memberOf(new Set<unknown>(values)) : undefined
  }
  if (isCased) return memberOf(new Set<unknown>(values))
  const lower = new Set(values.map((value) => String(value).toLowerCase()))
  return (given) => typeof given === 'string' && (lower.has(given) || lower.has(given.toLowerCase()))
}

const memberOf =
  (set: ReadonlySet<unknown>): Check =>
  (given) =>
    set.has(given)

/** `*` any text, `?` any character, `\` takes the next one as it is. */
function wildcard(pattern: string, isCased: boolean): Check {
  let source = ''
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at] ?? ''
    const next = pattern[at + 1]
    if (character === '\\' && next !== undefined && '*?\\'.includes(next)) {
      source += RE2JS.quote(next)
      at += 1
    } else source += character === '*' ? '.*' : character === '?' ? '.' : RE2JS.quote(character)
  }
  const compiled = RE2JS.compile(`^${source}$`, RE2JS.DOTALL | (isCased ? 0 : RE2JS.CASE_INSENSITIVE))
  return (given) => typeof given === 'string' && compiled.test(given)
}

/** Linear in the text, whatever the pattern: an automaton, no backtracking. */
function regex(pattern: string, path: string): Check {
  if (pattern.length > longestRegex) throw new RuleMistake(path, pattern, `at most ${longestRegex} characters`)
  try {
    const compiled = RE2JS.compile(pattern)
    return (given) => typeof given === 'string' && compiled.test(given)
  } catch (error) {
    throw new RuleMistake(
      path,
      pattern,
      `a regular expression of RE2 (${error instanceof Error ? error.message : 'bad'})`,
    )
  }
}

function inNetwork(text: string, path: string): Check {
  const [base = '', bits] = text.split('/')
  const version = isIP(base)
  const length = bits === undefined ? (version === 6 ? 128 : 32) : Number(bits)
  const fits = version !== 0 && /^\d+$/.test(bits ?? '0') && length <= (version === 6 ? 128 : 32)
  if (!fits) throw new RuleMistake(path, text, 'a network such as 192.0.2.0/24 or 2001:db8::/32')
  const list = new BlockList()
  list.addSubnet(base, length, version === 6 ? 'ipv6' : 'ipv4')
  return (given) => {
    if (typeof given !== 'string') return false
    const family = isIP(given)
    return family !== 0 && list.check(given, family === 6 ? 'ipv6' : 'ipv4')
  }
}
