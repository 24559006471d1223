import { type Json, z } from '../../../src/bee/index.ts'
import { payloadOf } from '../respond/payload.ts'
import { tenantName } from '../respond/plan.ts'
import { defineSecurityTask } from '../services.ts'
import { settingProblems } from './check-settings.ts'
import { answer, type RuleSettings, settings as storedSettings } from './protocol.ts'
import { readValue } from './read-value.ts'

const stored = z.object({ problem: z.string().nullable(), before: z.json(), after: z.json() })
const outcome = z.object({
  set: z.boolean(),
  /** Why not: `unknown_key` for a key that is nobody's of SECURITY_APPROVERS, else what was received and expected. */
  problem: z.string().nullable(),
  /** What held for the tenant before and what does now; null: the default of the rule. */
  before: z.json(),
  after: z.json(),
})

/** Thresholds, lists and the mode of a rule for one tenant. Checked here, with the rules of this hive, before it is stored. */
export const setRule = defineSecurityTask({
  description: 'Sets a rule otherwise for a tenant, or takes that back, in the name of whoever signed the task.',
  input: z.strictObject({
    tenant: tenantName,
    rule: z
      .string()
      .min(1)
      .max(64)
      .describe('Its id; * for how findings become incidents, metric_stream for detectors.'),
    op: z.enum(['set', 'unset']),
    setting: z
      .string()
      .min(1)
      .max(64)
      .optional()
      .describe(
        'As docs/detections.md names it; `mode` (on, trial, off) is every rule’s. Left out, with unset: all of them.',
      ),
    value: z.string().max(10_000).optional().describe('As text: 20, 15m, yes, or a list with commas between.'),
    reason: z.string().trim().min(3).max(1000),
  }),
  output: outcome,
  reads: true,
  run: async ({ input, services, read, transact }) => {
    const refused = (problem: string) => ({ set: false, problem, before: null, after: null })
    let value: Json = null
    if (input.op === 'set') {
      if (input.setting === undefined || input.value === undefined) return refused('expected a setting and a value')
      const wanted = readValue(input.rule, input.setting, input.value, services.rules)
      if ('problem' in wanted) return refused(wanted.problem)
      value = wanted.value
      const { settings: rows } = answer(storedSettings, await read({ tenant: input.tenant }), 'set_rule')
      const problem = problemWith(rows, input.rule, input.setting, value)
      if (problem !== undefined) return refused(problem)
    }
    const { output } = await transact(payloadOf({ ...input, value }, services.approvers))
    const done = stored.parse(output)
    return { ...done, set: done.problem === null }

    /** Of the rule with what is to be set; what was wrong before does not stand in the way. */
    function problemWith(rows: RuleSettings, rule: string, setting: string, given: Json): string | undefined {
      if (setting === 'mode') return undefined
      const own = rows.find((row) => row.rule === rule) ?? { rule, settings: {}, mode: null, problems: null }
      const after = { ...own, settings: { ...own.settings, [setting]: given } } as typeof own
      const known = new Set(
        settingProblems([own], services.rules)
          .get(rule)
          ?.map((one) => JSON.stringify(one)),
      )
      const found = settingProblems([after], services.rules).get(rule) ?? []
      const fresh = found.find((one) => one.setting === setting) ?? found.find((one) => !known.has(JSON.stringify(one)))
      return fresh === undefined ? undefined : `received ${fresh.received}, expected ${fresh.expected}`
    }
  },
})
