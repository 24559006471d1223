import { HIDDEN } from './sensitive.ts'

export interface ScrubberOptions {
  /** Shorter values are left alone: they would take every "1" and "no" out of every message. @default 4 */
  readonly minLength?: number | undefined
}

/** Longer values are looked for one by one, as they are: a pattern of their size costs more than it finds. */
const LONGEST_IN_PATTERN = 1000
/** Looking for more of them would block the event loop. */
const MOST_VALUES = 5000

/**
 * Makes a function that takes every occurrence of the values out of free text: error messages, log lines, stack traces.
 * Looks for a value as it is (in any case), as JSON writes it (also within JSON within JSON, also in ASCII), as a URL or a form
 * writes it, and in both Unicode normal forms. A number is only taken out where it stands by itself. Longer values go
 * first, so that a value that contains another leaves nothing behind. Where they are too many or too large to be
 * looked for, the whole text goes.
 */
export function scrubber(values: Iterable<string | number>, options: ScrubberOptions = {}): (text: string) => string {
  const { minLength = 4 } = options
  const wanted = [...new Set([...values].map(String))].filter((value) => value.length >= minLength)
  if (wanted.length === 0) return (text) => text
  if (wanted.length > MOST_VALUES) return (text) => (text === '' ? text : HIDDEN)
  // Most processes have nothing to scrub, so the pattern waits for the first text.
  let patterns: Patterns | undefined
  return (text) => {
    try {
      patterns ??= patternsOf(wanted)
      const short = patterns.long.reduce((rest, value) => rest.replaceAll(value, HIDDEN), text)
      return patterns.pattern === undefined ? short : short.replace(patterns.pattern, HIDDEN)
    } catch {
      // The engine found the pattern too large, in an error that quotes every value.
      return HIDDEN
    }
  }
}

interface Patterns {
  readonly long: readonly string[]
  readonly pattern: RegExp | undefined
}

function patternsOf(values: readonly string[]): Patterns {
  const spellings = [...new Set(values.flatMap(spellingsOf))].sort((a, b) => b.length - a.length)
  const short = spellings.filter((spelling) => spelling.length <= LONGEST_IN_PATTERN)
  const numbers = short.filter((spelling) => NUMBER.test(spelling)).map(escaped)
  const others = short.filter((spelling) => !NUMBER.test(spelling)).map(escaped)
  // The look around stands once for all numbers: a long row of digits is then passed over, not tried with each of them.
  const parts = [...others, ...(numbers.length === 0 ? [] : [`(?<![\\d.])(?:${numbers.join('|')})(?!\\d)`])]
  return {
    long: spellings.filter((spelling) => spelling.length > LONGEST_IN_PATTERN),
    pattern: parts.length === 0 ? undefined : new RegExp(parts.join('|'), 'gi'),
  }
}

function spellingsOf(value: string): readonly string[] {
  return [value, value.normalize('NFC'), value.normalize('NFD')].flatMap((form) => {
    const json = inJson(form)
    const ascii = json.replace(/[^ -~]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
    const url = encodeURIComponent(form.toWellFormed())
    const formField = new URLSearchParams({ v: form.toWellFormed() }).toString().slice(2)
    // util.inspect escapes as JSON does, except for the quotes.
    const inspected = json.replaceAll('\\"', '"')
    return [form, json, inspected, inJson(json), ascii, inJson(ascii), url, encodeURI(form.toWellFormed()), formField]
  })
}

const inJson = (text: string) => JSON.stringify(text).slice(1, -1)

const NUMBER = /^-?\d+(\.\d+)?$/
const escaped = (spelling: string) => spelling.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
