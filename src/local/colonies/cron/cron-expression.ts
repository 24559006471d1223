/**
 * Cron expressions with seconds: `second minute hour day-of-month month day-of-week`, or a descriptor (`@daily`,
 * `@every 90s`), either after an optional `TZ=Zone ` or `CRON_TZ=Zone `. Pure: no clock, no state.
 *
 * A field is a list of `*`, `?`, `n`, `a-b`, each with an optional `/step`; `n/step` runs to the end of the range.
 * Months and weekdays may be three-letter English names. Where day of month and day of week are both restricted, a day
 * that fits one of them fits.
 */

import { parseDuration } from './go-duration.ts'

export interface Calendar {
  readonly kind: 'calendar'
  /** IANA name. */
  readonly timeZone: string
  readonly seconds: ReadonlySet<number>
  readonly minutes: ReadonlySet<number>
  readonly hours: ReadonlySet<number>
  readonly days: ReadonlySet<number>
  readonly months: ReadonlySet<number>
  /** 0 = Sunday */
  readonly weekdays: ReadonlySet<number>
  /** A day fits when both its date and its weekday do; otherwise one of them is enough. */
  readonly bothDays: boolean
}

export interface Every {
  readonly kind: 'every'
  /** Whole seconds, at least 1. */
  readonly seconds: number
}

export type Schedule = Calendar | Every

/** Why an expression is not one. */
export class CronSyntaxError extends Error {
  override readonly name = 'CronSyntaxError'
}

interface FieldRange {
  readonly name: string
  readonly min: number
  readonly max: number
  readonly words?: readonly string[]
}

const second: FieldRange = { name: 'second', min: 0, max: 59 }
const minute: FieldRange = { name: 'minute', min: 0, max: 59 }
const hour: FieldRange = { name: 'hour', min: 0, max: 23 }
const dayOfMonth: FieldRange = { name: 'day of month', min: 1, max: 31 }
const month: FieldRange = {
  name: 'month',
  min: 1,
  max: 12,
  words: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
}
const dayOfWeek: FieldRange = {
  name: 'day of week',
  min: 0,
  max: 6,
  words: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'],
}

const descriptors: Readonly<Record<string, string>> = {
  '@yearly': '0 0 0 1 1 *',
  '@annually': '0 0 0 1 1 *',
  '@monthly': '0 0 0 1 * *',
  '@weekly': '0 0 0 * * 0',
  '@daily': '0 0 0 * * *',
  '@midnight': '0 0 0 * * *',
  '@hourly': '0 0 * * * *',
}

/**
 * Reads an expression. Throws `CronSyntaxError`.
 * @param defaultTimeZone zone of expressions that name none
 */
export function parseCronExpression(expression: string, defaultTimeZone: string): Schedule {
  if (expression === '') throw new CronSyntaxError('the cron expression is empty')
  const prefixed = /^(?:CRON_)?TZ=(\S*)(?:\s+(.*))?$/s.exec(expression)
  const timeZone = prefixed === null ? defaultTimeZone : checkTimeZone(prefixed[1] ?? '', defaultTimeZone)
  const rest = (prefixed === null ? expression : (prefixed[2] ?? '')).trim()
  if (rest.startsWith('@every ')) return { kind: 'every', seconds: everySeconds(rest.slice('@every '.length)) }
  const described = Object.hasOwn(descriptors, rest) ? descriptors[rest] : undefined
  if (rest.startsWith('@') && described === undefined) throw new CronSyntaxError(`unknown descriptor ${show(rest)}`)
  return parseFields(described ?? rest, timeZone)
}

function parseFields(text: string, timeZone: string): Calendar {
  const fields = text.split(/\s+/).filter((field) => field !== '')
  const [seconds, minutes, hours, days, months, weekdays] = fields
  if (fields.length !== 6 || !seconds || !minutes || !hours || !days || !months || !weekdays) {
    throw new CronSyntaxError(`a cron expression has 6 fields, this one has ${fields.length}: ${show(text)}`)
  }
  const dates = parseField(days, dayOfMonth)
  const week = parseField(weekdays, dayOfWeek)
  return {
    kind: 'calendar',
    timeZone,
    seconds: parseField(seconds, second).values,
    minutes: parseField(minutes, minute).values,
    hours: parseField(hours, hour).values,
    days: dates.values,
    months: parseField(months, month).values,
    weekdays: week.values,
    bothDays: dates.unrestricted || week.unrestricted,
  }
}

interface Field {
  readonly values: ReadonlySet<number>
  /** A star without a step is in it. */
  readonly unrestricted: boolean
}

function parseField(text: string, range: FieldRange): Field {
  const items = text.split(',').filter((item) => item !== '')
  if (items.length === 0) throw new CronSyntaxError(`the ${range.name} is empty`)
  const parsed = items.map((item) => parseItem(item, range))
  return {
    values: new Set(parsed.flatMap((item) => [...item.values])),
    unrestricted: parsed.some((item) => item.unrestricted),
  }
}

function parseItem(item: string, range: FieldRange): Field {
  const fail = (why: string) => new CronSyntaxError(`${range.name} ${show(item)}: ${why}`)
  const found = /^([^/]*)(?:\/([^/]*))?$/.exec(item)
  const bounds = found?.[1]?.split('-') ?? []
  const [low = '', high] = bounds
  if (found === null || bounds.length > 2) throw fail('expected n, a-b or *, each with an optional /step')
  const isStar = low === '*' || low === '?'
  if (isStar && high !== undefined) throw fail('a star has no upper end')

  const step = found[2] === undefined ? 1 : parseNumber(found[2], fail)
  const from = isStar ? range.min : parseValue(low, range, fail)
  const single = found[2] === undefined ? from : range.max
  const to = isStar ? range.max : high === undefined ? single : parseValue(high, range, fail)
  if (step < 1) throw fail('the step must be at least 1')
  if (from < range.min || to > range.max) throw fail(`must lie between ${range.min} and ${range.max}`)
  if (from > to) throw fail('begins after its end')
  const length = Math.floor((to - from) / step) + 1
  return {
    values: new Set(Array.from({ length }, (_, index) => from + index * step)),
    unrestricted: isStar && step === 1,
  }
}

function parseValue(text: string, { min, words }: FieldRange, fail: (why: string) => Error): number {
  const index = words?.indexOf(text.toLowerCase()) ?? -1
  return index === -1 ? parseNumber(text, fail) : index + min
}

function parseNumber(text: string, fail: (why: string) => Error): number {
  if (!/^\+?\d{1,9}$/.test(text)) throw fail(`${show(text)} is not a number`)
  return Number(text)
}

function everySeconds(text: string): number {
  const durationMs = parseDuration(text)
  if (durationMs === undefined) throw new CronSyntaxError(`${show(text)} is not a duration such as 1h30m or 90s`)
  return Math.max(1, Math.floor(durationMs / 1000))
}

/** Go's names: '' is UTC, 'Local' the zone of the server. */
function checkTimeZone(name: string, localTimeZone: string): string {
  const timeZone = name === '' ? 'UTC' : name === 'Local' ? localTimeZone : name
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone }).resolvedOptions().timeZone
  } catch {
    throw new CronSyntaxError(`unknown time zone ${show(name)}`)
  }
}

function show(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text)
}
