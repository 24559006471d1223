import { canonicalJson } from './canonical-json.ts'
import { derive, type EventDraft } from './derive.ts'
import { emailFactsOf, phonePrefixOf } from './email-domain.ts'
import { securityEvent, status } from './event.ts'
import { defined, timeOf } from './fields.ts'
import { type Normaliser, type NormaliserContext, refuse } from './normaliser.ts'
import { type OwnItem, ownFields, ownItem } from './own-item.ts'
import { objectIdOf, pathTemplate } from './path-template.ts'
import { scrubData } from './scrub-data.ts'
import { scrubText } from './scrub-text.ts'
import { deviceOf, userAgentOf } from './user-agent.ts'

const pseudonym = /^[0-9a-f]{24}$/

/** An item in our own format. Its mistakes are told by field, so that whoever writes a sender can mend it. */
export const normaliseOwn: Normaliser = (item, context) => {
  const parsed = ownItem.safeParse(item)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    if (issue?.code === 'unrecognized_keys') return refuse('unknown_field')
    const field = String(issue?.path[0] ?? '')
    return refuse(field === 'time' ? 'unreadable_time' : 'bad_field', ownFields.has(field) ? field : undefined)
  }
  const given = parsed.data
  if (given.tenant !== undefined && given.tenant !== context.tenant) return refuse('other_tenant', 'tenant')
  const time = typeof given.time === 'number' ? given.time : timeOf(given.time)
  if (time === undefined) return refuse('unreadable_time', 'time')
  const ip = given.src_ip ?? given.ip
  const srcIp = ip === undefined ? undefined : context.pseudonyms.ip(ip)
  if (ip !== undefined && srcIp === undefined) return refuse('bad_field', 'src_ip')

  const event = securityEvent.safeParse(derive(draftOf(given, time, srcIp, context), context.tenant))
  if (event.success) return { event: event.data }
  const field = String(event.error.issues[0]?.path[0] ?? '')
  return refuse('bad_field', ownFields.has(field) ? field : undefined)
}

function draftOf(given: OwnItem, time: number, srcIp: string | undefined, context: NormaliserContext): EventDraft {
  const { pseudonyms } = context
  const { status: word, email, phone, user_agent, ip: _, url, user_id, session_id, ...rest } = given
  const agent = user_agent === undefined ? undefined : userAgentOf(user_agent)
  const device = given.device ?? (user_agent === undefined ? undefined : deviceOf(user_agent))
  const typed = given.identifier ?? email ?? phone
  const asked = given.path ?? url
  const pathname = asked === undefined ? undefined : pathOf(asked)
  const object = given.object_id ?? (asked === undefined ? undefined : objectIdOf(asked, asked))
  const kept = (kind: 'identifier' | 'card' | 'device' | 'object', value: string | undefined) => {
    if (value === undefined || pseudonym.test(value)) return value
    return kind === 'identifier' ? pseudonyms.identifier(value) : pseudonyms.of(kind, value)
  }
  const { account: _account, src_net: _net, data, ...fields } = rest
  const draft = defined({
    ...fields,
    id: given.id ?? idOf(given, context),
    tenant: context.tenant,
    time,
    source: given.source ?? 'app',
    action: given.action,
    status_id: given.status_id ?? (word === undefined ? undefined : status[word]),
    user_uid: given.user_uid ?? user_id,
    session_uid: given.session_uid ?? session_id,
    identifier: kept('identifier', typed),
    card: kept('card', given.card),
    device: kept('device', device),
    object_id: kept('object', object),
    object_number: given.object_number ?? numberOf(object),
    src_ip: srcIp,
    ua_family: given.ua_family ?? agent?.family,
    ua_kind: given.ua_kind ?? agent?.kind,
    path: pathname === undefined ? undefined : pathTemplate(pathname),
    phone_prefix: given.phone_prefix ?? (phone === undefined ? undefined : phonePrefixOf(phone)),
    ...(email === undefined ? {} : { ...emailFactsOf(email), ...domainGiven(given) }),
    data: data === undefined ? undefined : scrubData(data, pseudonyms),
  })
  // Last, so that no way of writing a field leads around it.
  return Object.fromEntries(
    Object.entries(draft).map(([name, value]) => [
      name,
      typeof value === 'string' && !untouched.has(name) ? scrubText(value, pseudonyms) : value,
    ]),
  ) as unknown as EventDraft
}

/** Checked against a list, a pattern or a rule of their own. */
const untouched = new Set([
  'tenant',
  'action',
  'src_ip',
  'path',
  'country',
  'currency',
  'network_type',
  'aal',
  'ua_kind',
])

const domainGiven = ({ email_domain, disposable }: OwnItem) => defined({ email_domain, disposable })

const numberOf = (object: string | undefined) =>
  object !== undefined && /^\d{1,10}$/.test(object) ? Number(object) : undefined

/** Without an id of its own an item is known by what it says: the same again is the same event. Keyed like all hashes. */
const idOf = (given: OwnItem, { pseudonyms }: NormaliserContext) => `sum:${pseudonyms.of('text', canonicalJson(given))}`

function pathOf(text: string): string {
  const absolute = /^https?:\/\/[^/?#]*(.*)$/i.exec(text)
  return absolute?.[1] ?? text
}
