import { z } from 'zod'
import { BeeError } from '../../errors.ts'
import { paint, printable } from '../paint.ts'
import { type Desk, openDesk } from '../security/desk.ts'
import { type ReasonOptions, reasonOf } from '../security/reason.ts'
import { incidentReply } from '../security/replies.ts'
import { tenantOf } from '../security/tenant.ts'

const silenced = z.object({ id: z.string(), ends_ms: z.number(), covers: z.number() })
const entityKinds = ['user', 'account', 'session', 'ip', 'net', 'api_key', 'endpoint', 'source', 'stream', 'device']

export interface SilenceOptions extends ReasonOptions {
  readonly tenant: string
  readonly minutes: string
  readonly rule?: string | undefined
  readonly incident?: string | undefined
  readonly entity?: string | undefined
  readonly critical?: boolean | undefined
}

/** Tells nobody of certain incidents for a while. */
export async function securitySilence(options: SilenceOptions): Promise<void> {
  const minutes = Number(options.minutes)
  if (!Number.isInteger(minutes) || minutes < 1 || minutes > 43_200) {
    throw new BeeError('BEE_USAGE', `--minutes: received "${options.minutes}", expected an integer from 1 to 43200.`)
  }
  const { rule } = options
  const tenant = tenantOf(options)
  const entity = entityOf(options.entity)
  if (rule === undefined && options.incident === undefined && entity === undefined) {
    throw new BeeError('BEE_USAGE', 'Received nothing to silence, expected --rule, --incident or --entity kind:id.')
  }
  const reason = reasonOf(options)
  const desk = await openDesk({ asPerson: true })
  const incident = options.incident === undefined ? undefined : await incidentOf(desk, tenant, options.incident)
  const input = {
    ...{ tenant, minutes, reason },
    ...(options.critical === true ? { max_severity: 'critical' } : {}),
    ...(rule === undefined ? {} : { rule }),
    ...(incident === undefined ? {} : { incident }),
    ...(entity === undefined ? {} : { entity }),
  }
  const answer = silenced.parse(await desk.handIn('silence_alerts', input))
  if (options.json === true) {
    console.log(JSON.stringify(answer, null, 2))
    return
  }
  const until = new Date(answer.ends_ms).toISOString()
  const covered = answer.covers === 1 ? '1 open incident' : `${answer.covers} open incidents`
  console.log(printable(`${answer.id}: silent until ${until}, covers ${covered}`))
  if (answer.covers === 0 && rule !== undefined) {
    console.log(paint.yellow('Nothing open is covered. Is it the id of a rule? docs/detections.md has them all.'))
  }
  if (answer.covers === 0 && incident !== undefined) {
    console.log(paint.yellow('It is told all the same: it is critical, or on trial, or over.'))
  }
  if (options.critical !== true) console.log('What is critical is told all the same; with --critical it is not.')
  console.log(printable(`next: bees security unsilence ${answer.id} ends it before its time.`))
}

/** Ends a silence before its time. */
export async function securityUnsilence(
  id: string,
  options: { readonly tenant: string; readonly json?: boolean | undefined },
): Promise<void> {
  if (!/^sil_[0-9a-f]{24}$/.test(id)) {
    throw new BeeError(
      'BEE_USAGE',
      `Received "${id.slice(0, 100)}", expected the id of a silence (sil_…); \`bees security\` lists those that hold.`,
    )
  }
  const tenant = tenantOf(options)
  const desk = await openDesk({ asPerson: true })
  const { ended } = z.object({ ended: z.boolean() }).parse(await desk.handIn('unsilence_alerts', { tenant, id }))
  if (!ended) {
    throw new BeeError(
      'BEE_SECURITY_NOT_FOUND',
      `Received "${id}", expected a silence of tenant ${tenant} that still holds; \`bees security\` lists them.`,
    )
  }
  console.log(options.json === true ? JSON.stringify({ ended }) : `${id}: ended; what is open is told again.`)
}

/** Says that somebody looks after an incident: no reminders of it, unless it gets worse. */
export async function securityAck(
  id: string,
  options: { readonly tenant: string; readonly json?: boolean | undefined },
): Promise<void> {
  const tenant = tenantOf(options)
  const desk = await openDesk({ asPerson: true })
  const incident = await incidentOf(desk, tenant, id)
  const answer = z.object({ acknowledged: z.boolean() }).parse(await desk.handIn('ack_incident', { tenant, incident }))
  if (!answer.acknowledged) {
    throw new BeeError('BEE_SECURITY_NOT_DONE', `${incident}: it is over, or nobody was to be told of it.`)
  }
  if (options.json === true) console.log(JSON.stringify({ incident, acknowledged: true }))
  else {
    console.log(paint.green(printable(`${incident}: taken up by you; no reminders, unless it gets worse.`)))
    console.log(printable(`next: bees security explain ${incident}`))
  }
}

/** @throws BeeError BEE_SECURITY_NOT_FOUND */
async function incidentOf(desk: Desk, tenant: string, id: string): Promise<string> {
  const { incident } = await desk.look('show', { what: 'incident', tenant, id }, incidentReply)
  if (incident !== null) return incident.incident
  throw new BeeError(
    'BEE_SECURITY_NOT_FOUND',
    `Received "${id.slice(0, 100)}", expected the id of an incident (inc_…) of tenant ${tenant}.`,
  )
}

function entityOf(text: string | undefined): { readonly kind: string; readonly id: string } | undefined {
  if (text === undefined) return undefined
  const at = text.indexOf(':')
  const kind = text.slice(0, at)
  if (at > 0 && at < text.length - 1 && entityKinds.includes(kind)) return { kind, id: text.slice(at + 1) }
  throw new BeeError(
    'BEE_USAGE',
    `--entity: received "${text.slice(0, 100)}", expected kind:id, such as ip:203.0.113.7; kinds are ${entityKinds.join(', ')}.`,
  )
}
