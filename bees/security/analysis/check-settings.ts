import { type Json, z } from '../../../src/bee/index.ts'
import { type CompiledRules, shownValue } from '../rules/index.ts'
import { anomalyRule, streamSettings } from './judge-stream.ts'
import type { RuleSettings } from './protocol.ts'
import { incidentSettings } from './settings.ts'
import { settingsOf } from './tenant-settings.ts'

/** Something that a tenant has set and that counts for nothing: the default holds. */
export interface SettingProblem {
  /** Its name; empty: the rule itself. */
  readonly setting: string
  /** As JSON, short. */
  readonly received: string
  readonly expected: string
}

/** Settings that belong to no rule, by the name that they are stored under: `*` is the analysis itself. */
export const otherSettings: ReadonlyMap<string, z.ZodObject> = new Map([
  ['*', incidentSettings as z.ZodObject],
  [anomalyRule, streamSettings as z.ZodObject],
])

/** What is wrong in a tenant's settings, for each stored row. */
export function settingProblems(
  rows: RuleSettings,
  rules: CompiledRules,
): ReadonlyMap<string, readonly SettingProblem[]> {
  const { problems } = rules.forTenant(settingsOf(rows).rules)
  return new Map(
    rows.map(({ rule, settings }) => {
      const other = otherSettings.get(rule)
      if (other !== undefined) return [rule, misfits(other, settings)]
      if (!rules.rules.some(({ id }) => id === rule)) return [rule, [unknownRule(rule)]]
      const own = problems.filter((one) => one.rule === rule).map(({ mistake }) => mistake)
      return [rule, own.map(({ path, received, expected }) => ({ setting: settingAt(path), received, expected }))]
    }),
  )
}

const unknownRule = (rule: string): SettingProblem => ({
  setting: '',
  received: shownValue(rule),
  expected: 'the id of a rule (docs/detections.md has them all)',
})

/** `brute_force: settings.tries` -> `tries`; what is wrong in another place of the rule is named as it is. */
const settingAt = (path: string): string => path.replace(/^[^:]*: (?:settings\.)?/, '')

function expectedOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'too_small') return `${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`
  if (issue.code === 'too_big') return `at most ${issue.maximum}`
  if (issue.code === 'invalid_type') return issue.expected === 'int' ? 'an integer' : `a ${issue.expected}`
  return issue.message
}

/** One wrong value makes all of these fall back to the defaults. */
function misfits(schema: z.ZodObject, settings: Readonly<Record<string, Json>>): readonly SettingProblem[] {
  const read = z.strictObject(schema.shape).safeParse(settings)
  if (read.success) return []
  return read.error.issues.flatMap((issue): readonly SettingProblem[] => {
    const expected = `one of ${Object.keys(schema.shape).join(', ')}`
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((setting) => ({ setting, received: shownValue(setting), expected }))
    }
    const setting = String(issue.path[0] ?? '')
    return [{ setting, received: shownValue(settings[setting]), expected: expectedOf(issue) }]
  })
}
