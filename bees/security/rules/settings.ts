import { durationMs, isDuration } from './duration.ts'
import { RuleMistake, shown } from './problem.ts'
import type { Rule, SettingValue } from './rule.ts'

type Scalar = string | number | boolean | null
export type SettingType = 'number' | 'duration' | 'text' | 'yes or no' | 'list'

/** What a tenant says otherwise about one rule. */
export interface RuleOverride {
  /** `quiet`: kept and shown, tells nobody. */
  readonly mode?: 'on' | 'quiet' | 'off' | undefined
  readonly values?: Readonly<Record<string, SettingValue>> | undefined
}
export type Overrides = Readonly<Record<string, RuleOverride | undefined>>

export function typeOf(value: SettingValue): SettingType {
  if (Array.isArray(value)) return 'list'
  if (typeof value === 'number') return 'number'
  if (typeof value === 'boolean') return 'yes or no'
  return isDuration(value as string) ? 'duration' : 'text'
}

/** The settings of one rule for one tenant: `$name` in a rule is looked up here. */
export class Settings {
  readonly #values: ReadonlyMap<string, SettingValue>
  readonly #used = new Set<string>()

  constructor(values: ReadonlyMap<string, SettingValue>) {
    this.#values = values
  }

  /** Names that the rule has asked for. */
  get used(): ReadonlySet<string> {
    return this.#used
  }

  get(name: string, path: string): SettingValue {
    const value = this.#values.get(name)
    this.#used.add(name)
    if (value === undefined) throw new RuleMistake(path, `$${name}`, `one of the settings ${this.#names()}`)
    return value
  }

  number(given: number | string, path: string): number {
    const value = this.#plain(given, path)
    if (typeof value !== 'number') throw new RuleMistake(path, given, `a number; the setting is ${shown(value)}`)
    return value
  }

  /** @returns milliseconds */
  ms(given: string, path: string): number {
    const value = this.#plain(given, path)
    const ms = typeof value === 'string' ? durationMs(value) : Number.NaN
    if (!(ms > 0)) throw new RuleMistake(path, given, `a duration above 0; the setting is ${shown(value)}`)
    return ms
  }

  /** A number, or seconds of a duration. */
  numberOrSeconds(given: number | string, path: string): number {
    const value = this.#plain(given, path)
    if (typeof value === 'number') return value
    const ms = typeof value === 'string' ? durationMs(value) : Number.NaN
    if (Number.isNaN(ms)) throw new RuleMistake(path, given, `a number or a duration; the setting is ${shown(value)}`)
    return ms / 1000
  }

  /** Values of a selection's item: `$name` may stand for one value or a list, `$$` for a dollar. */
  values(given: Scalar | readonly Scalar[], path: string): readonly Scalar[] {
    const list = Array.isArray(given) ? (given as readonly Scalar[]) : [given as Scalar]
    return list.flatMap((one): readonly Scalar[] => {
      if (typeof one !== 'string' || !one.startsWith('$')) return [one]
      if (one.startsWith('$$')) return [one.slice(1)]
      const value = this.get(one.slice(1), path)
      return Array.isArray(value) ? value : [value as Scalar]
    })
  }

  #plain(given: number | string, path: string): SettingValue {
    return typeof given === 'string' && given.startsWith('$') ? this.get(given.slice(1), path) : given
  }

  #names(): string {
    return [...this.#values.keys()].join(', ') || '(there are none)'
  }
}

/** The defaults of a rule with what a tenant says otherwise; what is wrong is told and left at its default. */
export function settingsOf(
  rule: Rule,
  override: RuleOverride | undefined,
): { readonly settings: Settings; readonly mistakes: readonly RuleMistake[] } {
  const values = new Map<string, SettingValue>()
  const mistakes: RuleMistake[] = []
  for (const [name, setting] of Object.entries(rule.settings)) values.set(name, defaultOf(setting))
  const given = override?.values ?? {}
  for (const [name, value] of Object.entries(given)) {
    const path = `${rule.id}: settings.${name}`
    const known = values.get(name)
    const setting = Object.hasOwn(rule.settings, name) ? rule.settings[name] : undefined
    if (known === undefined || setting === undefined) {
      mistakes.push(new RuleMistake(path, name, `one of ${[...values.keys()].join(', ') || 'no settings at all'}`))
      continue
    }
    const mistake = misfit(setting, known, value, path)
    if (mistake === undefined) values.set(name, value)
    else mistakes.push(mistake)
  }
  return { settings: new Settings(values), mistakes }
}

type Setting = Rule['settings'][string]

/** What holds where a tenant says nothing. */
export function defaultOf(setting: Setting): SettingValue {
  return typeof setting === 'object' && !Array.isArray(setting)
    ? (setting as { default: SettingValue }).default
    : setting
}

function misfit(setting: Setting, known: SettingValue, value: SettingValue, path: string): RuleMistake | undefined {
  const type = typeOf(known)
  if (typeOf(value) !== type) return new RuleMistake(path, value, `a ${type} such as ${shown(known)}`)
  if (typeof value !== 'number') return undefined
  if (!Number.isFinite(value) || value < 0) return new RuleMistake(path, value, 'a number, 0 or more')
  if (typeof setting !== 'object' || Array.isArray(setting)) return undefined
  const { min, max } = setting as { min?: number; max?: number }
  if (min !== undefined && value < min) return new RuleMistake(path, value, `at least ${min}`)
  if (max !== undefined && value > max) return new RuleMistake(path, value, `at most ${max}`)
  return undefined
}
