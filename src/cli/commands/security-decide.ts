import { z } from 'zod'
import { BeeError } from '../../errors.ts'
import { paint, printable } from '../paint.ts'
import { type Desk, openDesk } from '../security/desk.ts'
import { onePlanReply } from '../security/plan-replies.ts'
import { printPlan } from '../security/print-plans.ts'

export interface ReasonOptions {
  readonly reason?: string | undefined
  readonly json?: boolean | undefined
}

const decided = z.object({ decided: z.string(), problem: z.string().nullable(), state: z.string().nullable() })
const results = z.object({
  plans: z.array(
    z.object({
      plan: z.string(),
      state: z.string().nullable(),
      problem: z.string().nullable(),
      actions: z.array(z.object({ n: z.number(), do: z.string(), state: z.string(), problem: z.string().nullable() })),
    }),
  ),
})
const silenced = z.object({ id: z.string(), ends_ms: z.number(), covers: z.number() })

/** Approves a plan in one's own name, and has it carried out where no further person is needed. */
export async function securityApprove(plan: string, options: ReasonOptions): Promise<void> {
  await decide(plan, 'approve', options)
}

/** Rejects a plan in one's own name. */
export async function securityReject(plan: string, options: ReasonOptions): Promise<void> {
  await decide(plan, 'reject', options)
}

async function decide(plan: string, decision: 'approve' | 'reject', options: ReasonOptions): Promise<void> {
  const reason = reasonOf(options)
  const desk = await openDesk({ asPerson: true })
  const { one } = await desk.look('show_response', { plan, people: [] }, onePlanReply)
  if (one === null) throw noSuchPlan(plan)
  if (options.json !== true) printPlan(one)
  // The digest of what was shown: a plan that is another one by now is refused.
  const output = await desk.handIn('decide_plan', { plan, digest: one.digest, decision, reason })
  const answer = decided.parse(output)
  if (answer.decided === 'refused') {
    throw new BeeError('BEE_SECURITY_NOT_DONE', `${plan}: the decision was refused (${answer.problem ?? 'no reason'}).`)
  }
  if (answer.decided !== 'approved') {
    if (options.json === true) console.log(JSON.stringify(answer, null, 2))
    else console.log(paint.green(printable(`${plan}: ${answer.decided}, ${answer.state ?? ''}`)))
    return
  }
  await carryOut(desk, { plan, operation: 'execute' }, options)
}

/** Takes a plan back: everything is as it was before. */
export async function securityRevert(plan: string, options: ReasonOptions): Promise<void> {
  const reason = reasonOf(options)
  await carryOut(await openDesk({ asPerson: true }), { plan, operation: 'revert', reason }, options)
}

async function carryOut(
  desk: Desk,
  input: { readonly plan: string; readonly operation: string; readonly reason?: string },
  { json }: ReasonOptions,
): Promise<void> {
  const [result] = results.parse(await desk.handIn('respond_threat', input)).plans
  if (result === undefined || result.state === null) throw noSuchPlan(input.plan)
  if (json === true) console.log(JSON.stringify(result, null, 2))
  else {
    const well = result.state === 'done' || result.state === 'reverted'
    console.log((well ? paint.green : paint.red)(printable(`${result.plan}: ${result.state}`)))
    if (result.problem !== null) console.log(paint.yellow(printable(result.problem)))
    for (const { n, do: what, state, problem } of result.actions) {
      console.log(`  ${n}  ${printable(`${what}: ${state}${problem === null ? '' : ` (${problem})`}`)}`)
    }
  }
  const expected = input.operation === 'revert' ? 'reverted' : 'done'
  if (result.state !== expected) process.exitCode = 1
}

export interface SilenceOptions extends ReasonOptions {
  readonly tenant: string
  readonly minutes: string
  readonly rule?: string | undefined
  readonly incident?: string | undefined
  readonly entity?: string | undefined
}

/** Tells nobody of certain incidents for a while. */
export async function securitySilence(options: SilenceOptions): Promise<void> {
  const minutes = Number(options.minutes)
  if (!Number.isInteger(minutes) || minutes < 1 || minutes > 43_200) {
    throw new BeeError('BEE_USAGE', `--minutes: received "${options.minutes}", expected an integer from 1 to 43200.`)
  }
  const { tenant, rule, incident } = options
  const entity = entityOf(options.entity)
  if (rule === undefined && incident === undefined && entity === undefined) {
    throw new BeeError('BEE_USAGE', 'Received nothing to silence, expected --rule, --incident or --entity kind:id.')
  }
  const input = {
    ...{ tenant, minutes, reason: reasonOf(options) },
    ...(rule === undefined ? {} : { rule }),
    ...(incident === undefined ? {} : { incident }),
    ...(entity === undefined ? {} : { entity }),
  }
  const answer = silenced.parse(await (await openDesk({ asPerson: true })).handIn('silence_alerts', input))
  if (options.json === true) console.log(JSON.stringify(answer, null, 2))
  else {
    const until = new Date(answer.ends_ms).toISOString()
    console.log(printable(`${answer.id}: silent until ${until}, covers ${answer.covers} open incidents`))
  }
}

function entityOf(text: string | undefined): { readonly kind: string; readonly id: string } | undefined {
  if (text === undefined) return undefined
  const at = text.indexOf(':')
  if (at > 0 && at < text.length - 1) return { kind: text.slice(0, at), id: text.slice(at + 1) }
  throw new BeeError(
    'BEE_USAGE',
    `--entity: received "${text.slice(0, 100)}", expected kind:id, such as ip:203.0.113.7.`,
  )
}

function reasonOf({ reason }: ReasonOptions): string {
  const given = reason?.trim() ?? ''
  if (given.length >= 3) return given
  throw new BeeError('BEE_USAGE', 'Received no --reason, expected a few words: they go into the audit.')
}

const noSuchPlan = (plan: string) =>
  new BeeError('BEE_SECURITY_NOT_FOUND', `Received "${plan.slice(0, 100)}", expected the id of a plan (pln_…).`)
