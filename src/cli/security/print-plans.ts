import { columns, paint, printable } from '../paint.ts'
import type { Notifications, OnePlan, Plans } from './plan-replies.ts'
import { severityText, timeText } from './print.ts'

/** The newest plans, what is restricted now, and brakes that hold. */
export function printPlans({ plans, restrictions, circuits }: Plans): void {
  if (plans.length === 0) {
    console.log('No plans. They come with incidents whose rule names a response; docs/response.md has the ladder.')
  }
  const rows = plans.map(({ plan, state, mode, severity, actions, radius, title, note }) => [
    paint.cyan(printable(plan)),
    printable(state),
    printable(mode),
    severityText(severity),
    `${actions} actions`,
    `${radius.users} users, ${radius.sessions} sessions, ${radius.addresses} addresses`,
    printable(note === null ? title : `${title} (${note})`),
  ])
  if (rows.length > 0) console.log(columns(rows, ''))
  if (restrictions.length > 0) {
    const lines = restrictions.map(({ measure, kind, target, until, plan }) => [
      printable(measure),
      printable(`${kind} ${target}`),
      until === 'infinity' ? 'until somebody takes it back' : `until ${printable(until)}`,
      printable(plan),
    ])
    console.log(`\n  ${paint.bold('in force now')}\n${columns(lines)}`)
  }
  for (const { id, playbook, brake, opened_at } of circuits) {
    const what = playbook === '*' ? 'nothing at all is done' : `nothing of ${playbook} is done`
    console.log(paint.red(printable(`circuit ${id} is open since ${opened_at} (${brake}): ${what}`)))
  }
}

/**
 * Everything that a person needs before a decision.
 * @param isDeciding the decision is being made: what could be done next is not told
 */
export function printPlan(
  { plan, digest, altered, state, note, actions, approvals }: OnePlan,
  { isDeciding = false }: { readonly isDeciding?: boolean } = {},
): void {
  console.log(`${paint.bold(printable(plan.title))} ${paint.dim(printable(plan.reason))}`)
  const who = plan.proposer.kind === 'machine' ? 'the bee' : (plan.proposer.name ?? 'a person')
  const facts: readonly (readonly [string, string])[] = [
    ['plan', `${plan.id} ${state}${note === null ? '' : ` (${note})`}`],
    ['mode', `${plan.mode}, ${plan.approvals} approvals needed`],
    ['proposed', `by ${who} at ${plan.proposed_at}, expires ${plan.expires_at}`],
    ['digest', digest],
  ]
  console.log(columns(facts.map((row) => row.map(printable))))
  if (altered) console.log(paint.red('It is not the plan that was proposed: somebody has altered it.'))
  const rows = plan.actions.map(({ n, do: what, target, duration_s, expected, why }) => {
    const now = actions.find((one) => one.n === n)
    return [
      String(n),
      printable(what),
      printable(`${target.kind} ${target.id}`),
      duration_s === null ? 'until taken back' : `${Math.round(duration_s / 60)} min`,
      `${expected.users} users, ${expected.sessions} sessions`,
      printable(now === undefined ? '' : `${now.state}${now.problem === null ? '' : ` (${now.problem})`}`),
      printable(why ?? ''),
    ]
  })
  console.log(columns(rows))
  for (const { decision, name, reason, at } of approvals) {
    console.log(`  ${decision === 'approve' ? 'approved' : 'rejected'} by ${printable(`${name} at ${at}: ${reason}`)}`)
  }
  const next = isDeciding ? undefined : nextOf(plan.id, plan.mode, state)
  if (next !== undefined) console.log(`${paint.dim('next:')} ${printable(next)}`)
}

/** What may be done about a plan as it stands; undefined: nothing. */
function nextOf(id: string, mode: string, state: string): string | undefined {
  if (state === 'proposed' && mode === 'approve') {
    return `bees security approve ${id} --reason "…", or reject. Nothing is done before.`
  }
  if (state === 'proposed') return 'It only shows what would have been done (docs/response.md, modes).'
  if (state === 'done' || state === 'failed' || state === 'executing') {
    return `bees security revert ${id} --reason "…" takes back what it did.`
  }
  return undefined
}

/** Who was told, and who will be told when and why. */
export function printNotifications(notifications: Notifications): void {
  if (notifications.length === 0) return
  const rows = notifications.map(({ receiver, messages, told_ms, next_ms, because, problem }) => [
    printable(receiver ?? 'nobody'),
    `${messages ?? 0} messages`,
    told_ms === null ? 'not told yet' : `told ${timeText(told_ms)}`,
    next_ms === null ? `no next one: ${printable(because)}` : `next ${timeText(next_ms)}: ${printable(because)}`,
    printable(problem ?? ''),
  ])
  console.log(`\n  ${paint.bold('alerts')}\n${columns(rows)}`)
}
