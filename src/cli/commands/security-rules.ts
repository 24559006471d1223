import { z } from 'zod'
import { BeeError } from '../../errors.ts'
import { paint, printable } from '../paint.ts'
import { openDesk } from '../security/desk.ts'
import { printSettings, valueText } from '../security/print-settings.ts'
import { deciderProblem } from '../security/problems.ts'
import { type ReasonOptions, reasonOf } from '../security/reason.ts'
import { statusReply } from '../security/replies.ts'
import { tenantOf } from '../security/tenant.ts'

export interface SetOptions extends ReasonOptions {
  readonly tenant: string
}

const outcome = z.object({
  set: z.boolean(),
  problem: z.string().nullable(),
  before: z.json(),
  after: z.json(),
})

/** What a tenant has set otherwise than the rules do, and what of it counts for nothing. */
export async function securitySettings(options: {
  readonly tenant: string
  readonly json?: boolean | undefined
}): Promise<void> {
  const desk = await openDesk()
  const { settings } = await desk.look('show', { what: 'status', tenant: tenantOf(options) }, statusReply)
  if (options.json === true) console.log(JSON.stringify(settings, null, 2))
  else printSettings(settings)
}

/** Sets one thing of a rule otherwise for a tenant, in one's own name; the bee checks it before it is stored. */
export async function securitySet(rule: string, setting: string, value: string, options: SetOptions): Promise<void> {
  await change({ rule, op: 'set', setting, value }, options)
}

/** Takes back what was set: of one setting, or all about the rule. */
export async function securityUnset(rule: string, setting: string | undefined, options: SetOptions): Promise<void> {
  await change({ rule, op: 'unset', ...(setting === undefined ? {} : { setting }) }, options)
}

async function change(
  what: { readonly rule: string; readonly op: string; readonly setting?: string; readonly value?: string },
  options: SetOptions,
): Promise<void> {
  const reason = reasonOf(options)
  const tenant = tenantOf(options)
  const desk = await openDesk({ asPerson: true })
  const answer = outcome.parse(await desk.handIn('set_rule', { ...what, tenant, reason }))
  const name = `${what.rule}${what.setting === undefined ? '' : ` ${what.setting}`}`
  if (!answer.set) {
    const why = deciderProblem(answer.problem) ?? answer.problem ?? 'no reason was given'
    throw new BeeError('BEE_SECURITY_NOT_DONE', `${name}: nothing was changed: ${why}.`)
  }
  if (options.json === true) {
    console.log(JSON.stringify(answer, null, 2))
    return
  }
  console.log(paint.green(printable(`${name}: ${valueText(answer.after)}, before: ${valueText(answer.before)}`)))
  console.log(`Counts for tenant ${printable(tenant)} from the next events on. What was found stays as it is.`)
}
