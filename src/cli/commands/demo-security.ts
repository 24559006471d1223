import { z } from 'zod'
import type { Config } from '../../config.ts'
import { BeeError } from '../../errors.ts'
import { required } from '../connect.ts'
import { type Attack, stuffing } from '../demo/security/attack.ts'
import { openTown, type Town } from '../demo/security/people.ts'
import { waitFor } from '../demo/security/wait-for.ts'
import { runningConfig } from '../environment.ts'
import { columns, paint, printable } from '../paint.ts'
import { unreachable } from '../reach.ts'
import { type Desk, openDesk } from '../security/desk.ts'
import { type OnePlan, onePlanReply, plansReply } from '../security/plan-replies.ts'
import { severityText } from '../security/print.ts'
import { type IncidentHead, incidentsReply } from '../security/replies.ts'

const tenant = 'default'
const people = 25
const patienceMs = 30_000
const callMs = 15_000
/** What the story leads to; on a new hive rules only observe for 14 days. */
const playbooks = ['success_after_stuffing', 'credential_stuffing'] as const
const messages = z.array(z.object({ at: z.number(), path: z.string(), body: z.unknown() }))

/**
 * Plays an attack against the local hive, from the first wrong password to the revert of what was done about it, and
 * checks each step.
 *
 * @throws BeeError BEE_NOT_LOCAL, BEE_UNREACHABLE, BEE_NOT_ENDED
 */
export async function demoSecurity(options: { readonly seed?: string | undefined }): Promise<void> {
  const seed = options.seed === undefined ? Math.floor(Date.now() / 1000) : Number(options.seed)
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new BeeError('BEE_USAGE', `--seed: received "${options.seed}", expected a whole number.`)
  }
  const config = await runningConfig()
  if (config.BEES_MAILBOX_URL === undefined || config.DATABASE_URL === undefined) {
    throw new BeeError('BEE_NOT_LOCAL', 'This attack is only for a local hive: run `npm start` in another terminal.')
  }
  const desk = await openDesk({ config, asPerson: true })
  const town = await openTown(config.DATABASE_URL, seed, people)
  try {
    await play(seed, { config, desk, town })
  } finally {
    await town.close()
  }
}

interface Place {
  readonly config: Config
  readonly desk: Desk
  readonly town: Town
}

async function play(seed: number, { config, desk, town }: Place): Promise<void> {
  console.log(`\n  ${paint.bold('An attack')} ${paint.dim(`${config.BEES_URL}, seed ${seed}`)}\n`)
  const beganMs = Date.now()
  const attack = stuffing(town.people, seed, beganMs)
  const before = await town.sessionsOf(attack.victim)
  for (const playbook of playbooks) {
    const change = { op: 'playbook', tenant, playbook, mode: 'approve', approvals: 1, reason: 'the demo' }
    await desk.handIn('set_response_policy', { change })
  }

  const posted = performance.now()
  await post(config, attack)
  say(`${attack.events.length} sign-ins from ${attack.ip} posted, the last one with the right password`)

  const incident = await waitFor('the incident', patienceMs, () => incidentAbout(attack, desk))
  say(`${severityText(incident.severity)} ${printable(incident.title)}`, since(posted), incident.id)

  await waitFor('the alert', patienceMs, () => alertAbout(incident, config, beganMs))
  say("a message in Slack's format arrived", since(posted))

  const plan = await waitFor('the plan', patienceMs, () => planFor(incident, desk))
  const what = plan.plan.actions.map(({ do: rung, target }) => `${rung} ${target.kind}`).join(', ')
  say(`the bee proposes: ${printable(what)}`, plan.plan.id)

  const { id } = plan.plan
  await desk.handIn('decide_plan', { plan: id, digest: plan.digest, decision: 'approve', reason: 'the demo' })
  await desk.handIn('respond_threat', { plan: id, operation: 'execute' })
  const during = await town.sessionsOf(attack.victim)
  check(
    during.length === 0,
    `approved by a person, carried out: ${before.length} rows of the account's sessions are gone`,
  )

  await desk.handIn('respond_threat', { plan: id, operation: 'revert', reason: 'the demo is over' })
  const after = await town.sessionsOf(attack.victim)
  check(JSON.stringify(after) === JSON.stringify(before), 'taken back: the sessions are what they were, to the byte')

  console.log(`\n  ${paint.dim('Look on:')}
${columns(
  [
    [`npx bees security explain ${incident.id}`, paint.dim('what was seen, by which rules')],
    [`npx bees security plans ${id}`, paint.dim('what was proposed, decided and done')],
    ['npx bees security status', paint.dim('the stream, what is open, noise by rule')],
  ],
  '    ',
)}
`)
}

async function post(config: Config, attack: Attack): Promise<void> {
  const url = `${required(config, 'BEES_URL')}/events`
  const secret = required(config, 'SECURITY_EVENTS_SECRETS')[0]?.split(':').at(-1) ?? ''
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify(attack.events),
    signal: AbortSignal.timeout(callMs),
  }).catch((error: unknown) => {
    throw unreachable('The hive', url, error)
  })
  await response.body?.cancel()
  if (response.ok) return
  throw new BeeError('BEE_SECURITY_NOT_DONE', `POST /events: received HTTP ${response.status}, expected 200.`)
}

async function incidentAbout({ victim }: Attack, desk: Desk): Promise<IncidentHead | undefined> {
  const asked = { what: 'incidents', tenant, limit: 50, quiet: false, rule: playbooks[0], status: null }
  const { incidents } = await desk.look('show', asked, incidentsReply)
  return incidents.find(({ entity }) => entity.id === victim.user)
}

async function alertAbout({ id }: IncidentHead, config: Config, sinceMs: number): Promise<unknown> {
  const url = `${required(config, 'BEES_MAILBOX_URL')}/messages`
  const response = await fetch(url, { signal: AbortSignal.timeout(callMs) })
  const came = messages.parse(await response.json())
  return came.find(({ at, path, body }) => at >= sinceMs && path === '/slack' && JSON.stringify(body).includes(id))
}

async function planFor({ id }: IncidentHead, desk: Desk): Promise<OnePlan | undefined> {
  const { all } = await desk.look('show_response', { tenant, incident: id, limit: 20, people: [] }, plansReply)
  const head = all?.plans.find(({ state, mode }) => state === 'proposed' && mode === 'approve')
  if (head === undefined) return undefined
  return (await desk.look('show_response', { plan: head.plan, people: [] }, onePlanReply)).one ?? undefined
}

const since = (startMs: number) => `${Math.round(performance.now() - startMs)} ms after the post`

function say(what: string, ...more: readonly string[]): void {
  console.log(`  ${paint.green('✓')} ${what} ${paint.dim(more.join(', '))}`)
}

function check(holds: boolean, what: string): void {
  if (holds) {
    say(what)
    return
  }
  console.log(`  ${paint.red('✗')} ${what}`)
  process.exitCode = 1
}
