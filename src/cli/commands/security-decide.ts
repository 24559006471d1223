import { z } from 'zod'
import { BeeError } from '../../errors.ts'
import { paint, printable } from '../paint.ts'
import { type Desk, openDesk } from '../security/desk.ts'
import { onePlanReply } from '../security/plan-replies.ts'
import { printPlan } from '../security/print-plans.ts'
import { deciderProblem } from '../security/problems.ts'
import { type ReasonOptions, reasonOf } from '../security/reason.ts'

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
  if (options.json !== true) printPlan(one, { isDeciding: true })
  // The digest of what was shown: a plan that is another one by now is refused.
  const output = await desk.handIn('decide_plan', { plan, digest: one.digest, decision, reason })
  const answer = decided.parse(output)
  if (answer.decided === 'refused') {
    const why = deciderProblem(answer.problem) ?? answer.problem ?? 'no reason was given'
    throw new BeeError('BEE_SECURITY_NOT_DONE', `${plan}: the decision was refused: ${why}.`)
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
    if (result.problem !== null) {
      console.log(paint.yellow(printable(deciderProblem(result.problem) ?? result.problem)))
    }
    for (const { n, do: what, state, problem } of result.actions) {
      console.log(`  ${n}  ${printable(`${what}: ${state}${problem === null ? '' : ` (${problem})`}`)}`)
    }
  }
  const expected = input.operation === 'revert' ? 'reverted' : 'done'
  if (json !== true) console.log(nextOf(result.plan, result.state, input.operation))
  if (result.state !== expected) process.exitCode = 1
}

function nextOf(plan: string, state: string, operation: string): string {
  if (state === 'done') return printable(`next: bees security revert ${plan} --reason "…" takes it back.`)
  if (state === 'reverted') return 'Everything is as it was before; the incident stays open until its events end.'
  const what = operation === 'revert' ? 'revert' : 'approve'
  return printable(
    `next: bees security plans ${plan} shows what is in force; ${what} once more goes on where it has stopped.`,
  )
}

const noSuchPlan = (plan: string) =>
  new BeeError('BEE_SECURITY_NOT_FOUND', `Received "${plan.slice(0, 100)}", expected the id of a plan (pln_…).`)
