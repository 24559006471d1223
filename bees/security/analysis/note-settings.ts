import { type Json, type TaskContext, type Transact, z } from '../../../src/bee/index.ts'
import type { CompiledRules } from '../rules/index.ts'
import { type SettingProblem, settingProblems } from './check-settings.ts'
import { answer, type RuleSettings } from './protocol.ts'

export interface NoteContext extends Pick<TaskContext<unknown, unknown>, 'log' | 'count'> {
  readonly transact: Transact
  readonly rules: CompiledRules
}

const noted = z.object({ noted: z.int() })

/**
 * Keeps beside a tenant's settings which of them count for nothing, where people see it. Written and told only when that has
 * changed: by somebody's hand, or by a new version of the rules.
 */
export async function noteSettings(tenant: string, rows: RuleSettings, context: NoteContext): Promise<void> {
  const found = settingProblems(rows, context.rules)
  const changed = rows.filter(({ rule, problems }) => textOf(problems) !== textOf(found.get(rule) ?? []))
  if (changed.length === 0) return
  const payload = changed.map(({ rule, settings, mode }) => ({
    ...{ rule, settings, mode },
    problems: (found.get(rule) ?? []).map((problem) => ({ ...problem })),
  }))
  answer(noted, (await context.transact({ op: 'settings', tenant, rules: payload as Json })).output, 'settings')
  for (const { rule } of changed) {
    for (const { setting, expected } of found.get(rule) ?? []) {
      context.count('settings_refused')
      // Not what was received: that may be an address.
      context.log.warn('a setting is left out; `bees security` tells more', { tenant, rule, setting, expected })
    }
  }
}

const textOf = (problems: readonly SettingProblem[] | null | undefined): string =>
  JSON.stringify(problems?.map(({ setting, received, expected }) => [setting, received, expected]) ?? null)
