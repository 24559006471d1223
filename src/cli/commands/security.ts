import { BeeError } from '../../errors.ts'
import { openDesk } from '../security/desk.ts'
import { alertsReply, onePlanReply, plansReply } from '../security/plan-replies.ts'
import { printIncident, printIncidents, printStatus } from '../security/print.ts'
import { printNotifications, printPlan, printPlans } from '../security/print-plans.ts'
import { incidentReply, incidentsReply, statusReply } from '../security/replies.ts'

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
  show(await desk.look('show', { what: 'status', tenant: options.tenant }, statusReply), options, printStatus)
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
    ...{ what: 'incidents', tenant: options.tenant, limit, quiet: options.trial === true },
    ...{ rule: options.rule ?? null, status: options.open === true ? 'open' : null },
  }
  const { incidents } = await desk.look('show', asked, incidentsReply)
  show(incidents, options, printIncidents)
}

/** One incident with its findings and the events behind it. */
export async function securityExplain(id: string, options: LookOptions): Promise<void> {
  const desk = await openDesk()
  const reply = await desk.look('show', { what: 'incident', tenant: options.tenant, id }, incidentReply)
  if (reply.incident === null) {
    throw new BeeError(
      'BEE_SECURITY_NOT_FOUND',
      `Received "${id.slice(0, 100)}", expected the id of an incident (inc_…) or the key of a finding of tenant ${options.tenant}; a beginning is enough where only one begins so.`,
    )
  }
  const incident = reply.incident.incident
  const { tenant } = options
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
}

/** One plan, or the newest with what is in force. */
export async function securityPlans(plan: string | undefined, options: LookOptions): Promise<void> {
  const desk = await openDesk()
  if (plan === undefined) {
    const { all } = await desk.look('show_response', { tenant: options.tenant, limit: 20, people: [] }, plansReply)
    show(all ?? { plans: [], restrictions: [], circuits: [] }, options, printPlans)
    return
  }
  const { one } = await desk.look('show_response', { plan, people: [] }, onePlanReply)
  if (one === null) {
    throw new BeeError('BEE_SECURITY_NOT_FOUND', `Received "${plan.slice(0, 100)}", expected the id of a plan (pln_…).`)
  }
  show(one, options, printPlan)
}
