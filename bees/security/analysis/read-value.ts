import type { Json } from '../../../src/bee/index.ts'
import { type CompiledRules, defaultOf, shownValue, typeOf } from '../rules/index.ts'
import { otherSettings } from './check-settings.ts'

const modes: Readonly<Record<string, string>> = { on: 'on', trial: 'quiet', quiet: 'quiet', off: 'off' }

/** What somebody has typed, as the setting takes it; or what was expected. Bounds are looked at elsewhere. */
export function readValue(
  rule: string,
  setting: string,
  text: string,
  { rules }: Pick<CompiledRules, 'rules'>,
): { readonly value: Json } | { readonly problem: string } {
  const found = rules.find(({ id }) => id === rule)
  const other = otherSettings.get(rule)
  const received = (what: string, expected: string) => ({
    problem: `received ${shownValue(what)}, expected ${expected}`,
  })
  if (found === undefined && other === undefined) {
    return received(rule, `the id of a rule${similar(rule, [...rules.map(({ id }) => id), ...otherSettings.keys()])}`)
  }
  if (setting === 'mode' && rule !== '*') {
    const mode = Object.hasOwn(modes, text) ? modes[text] : undefined
    return mode === undefined ? received(text, 'on, trial (found and kept, tells nobody) or off') : { value: mode }
  }
  const names = Object.keys(found?.settings ?? other?.shape ?? {})
  const known = found !== undefined && Object.hasOwn(found.settings, setting) ? found.settings[setting] : undefined
  if (!names.includes(setting)) {
    return received(setting, `one of ${[...names, ...(rule === '*' ? [] : ['mode'])].join(', ')}`)
  }
  if (known === undefined) return { value: text === 'null' ? null : numberOr(text) }
  const byDefault = defaultOf(known)
  switch (typeOf(byDefault)) {
    case 'number':
      return { value: numberOr(text) }
    case 'yes or no':
      return { value: text === 'yes' || text === 'true' ? true : text === 'no' || text === 'false' ? false : text }
    case 'list':
      return { value: listOf(text) }
    default:
      return { value: text }
  }
}

/** The text itself where it is no number: whoever checks says so. */
function numberOr(text: string): Json {
  return /^-?\d{1,15}(\.\d{1,10})?$/.test(text) ? Number(text) : text
}

/** `a, b` or JSON. Digits stay text, but in JSON. */
function listOf(text: string): Json {
  if (text.trimStart().startsWith('[')) {
    try {
      return JSON.parse(text) as Json
    } catch {
      return text
    }
  }
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

/** Names that share a word with the given one. */
function similar(name: string, all: readonly string[]): string {
  const words = name.toLowerCase().split(/[^a-z0-9]+/)
  const near = all.filter((one) => one.split('_').some((word) => word.length > 3 && words.includes(word))).slice(0, 5)
  return near.length === 0 ? ' (docs/detections.md has them all)' : `, such as ${near.join(', ')}`
}
