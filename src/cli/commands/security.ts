import { BeeError } from '../../errors.ts'
import { paint, printable } from '../paint.ts'
import { openDesk } from '../security/desk.ts'
import { alertsReply, onePlanReply, type Plans, plansReply } from '../security/plan-replies.ts'
import { printIncident, printIncidents } from '../security/print.ts'
import { printNotifications, printPlan, printPlans } from '../security/print-plans.ts'
import { printStatus } from '../security/print-status.ts'
import { type IncidentReply, incidentReply, incidentsReply, statusReply } from '../security/replies.ts'
import { tenantOf } from '../security/tenant.ts'

export interface LookOptions {
  readonly tenant: string
  readonly json?: boolean | undefined
}

const show = <Reply>(reply: Reply, { json }: LookOptions, print: (reply: Reply) => void): void => {
  if (json === true) console.log(JSON.stringify(reply, null, 2))
  else print(reply)
}

/** How the Security Bee is: stream, open incidents, noise by rule. */
export async function securityStatus(options: LookOptions): Promise<void> {
  const desk = await openDesk()
  show(await desk.look('show', { what: 'status', tenant: tenantOf(options) }, statusReply), options, printStatus)
}

export interface FindingsOptions extends LookOptions {
  readonly limit: string
  readonly rule?: string | undefined
  readonly open?: boolean | undefined
  readonly trial?: boolean | undefined
}

/** Incidents, newest first. */
export async function securityFindings(options: FindingsOptions): Promise<void> {
  const limit = Number(options.limit)
  if (!Number.isInteger(limit) || limit < 1 || limit > 200) {
    throw new BeeError('BEE_USAGE', `--limit: received "${options.limit}", expected an integer from 1 to 200.`)
  }
  const desk = await openDesk()
  const asked = {
    ...{ what: 'incidents', tenant: tenantOf(options), limit, quiet: options.trial === true },
    ...{ rule: options.rule ?? null, status: options.open === true ? 'open' : null },
  }
  const { incidents } = await desk.look('show', asked, incidentsReply)
  show(incidents, options, printIncidents)
}

/** One incident with its findings and the events behind it. */
export async function securityExplain(id: string, options: LookOptions): Promise<void> {
  const desk = await openDesk()
  const tenant = tenantOf(options)
  const reply = await desk.look('show', { what: 'incident', tenant, id }, incidentReply)
  if (reply.incident === null) {
    throw new BeeError(
      'BEE_SECURITY_NOT_FOUND',
      `Received "${id.slice(0, 100)}", expected the id of an incident (inc_…) or the key of a finding of tenant ${tenant}; of a key six characters are enough where only one begins so.`,
    )
  }
  const incident = reply.incident.incident
  const { notifications } = await desk.look('show_alerts', { tenant, incident, limit: 20 }, alertsReply)
  const { all } = await desk.look('show_response', { tenant, incident, limit: 20, people: [] }, plansReply)
  const plans = all?.plans ?? []
  if (options.json === true) {
    console.log(JSON.stringify({ ...reply, notifications, plans }, null, 2))
    return
  }
  printIncident(reply)
  printNotifications(notifications)
  if (plans.length > 0) {
    console.log('')
    printPlans({ plans, restrictions: [], circuits: [] })
  }
  console.log(`\n${nextOf(reply.incident, plans, tenant)}`)
}

/** What a person may do now about an incident. */
function nextOf(
  { incident, status, rules }: NonNullable<IncidentReply['incident']>,
  plans: Plans['plans'],
  tenant: string,
): string {
  const to = tenant === 'default' ? '' : ` --tenant ${tenant}`
  const waiting = plans.filter(({ state, mode }) => state === 'proposed' && mode === 'approve')
  const lines = [
    ...waiting.map(({ plan }) => `bees security plans ${plan}, then approve or reject it`),
    ...(status === 'open' ? [`bees security ack ${incident}${to}: you look after it, no reminders`] : []),
    `docs/detections.md says of ${rules.slice(0, 4).join(', ')} what else looks like it, and what to do`,
  ]
  return lines.map((line) => `${paint.dim('next:')} ${printable(line)}`).join('\n')
}

/** One plan, or the newest with what is in force. */
export async function securityPlans(plan: string | undefined, options: LookOptions): Promise<void> {
  const desk = await openDesk()
  if (plan === undefined) {
    const { all } = await desk.look('show_response', { tenant: tenantOf(options), limit: 20, people: [] }, plansReply)
    show(all ?? { plans: [], restrictions: [], circuits: [] }, options, printPlans)
    return
  }
  const { one } = await desk.look('show_response', { plan, people: [] }, onePlanReply)
  if (one === null) {
    throw new BeeError('BEE_SECURITY_NOT_FOUND', `Received "${plan.slice(0, 100)}", expected the id of a plan (pln_…).`)
  }
  show(one, options, (plan) => printPlan(plan))
}
