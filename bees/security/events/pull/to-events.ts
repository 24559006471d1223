import { auditActionOf, auditPeople } from '../audit-actions.ts'
import { derive, type EventDraft } from '../derive.ts'
import { peopleOf } from '../drain/auth-line.ts'
import { emailFactsOf } from '../email-domain.ts'
import { type Action, type SecurityEvent, securityEvent, status } from '../event.ts'
import { defined, textAt, timeOf } from '../fields.ts'
import type { NormaliserContext } from '../normaliser.ts'
import { deviceOf, userAgentOf } from '../user-agent.ts'
import type { AuditEntry, HookNote, SessionSeen } from './rows.ts'

export interface PullContext extends NormaliserContext {
  /** The auth server's log comes in as well and tells the same: then what is pulled is kept and counts for nothing. */
  readonly authLog: boolean
}

/** Undefined where not even the essentials are there. A member that cannot be taken is left out. */
function eventOf(draft: Record<string, unknown>, context: PullContext): SecurityEvent | undefined {
  let candidate = defined(draft) as Record<string, unknown>
  for (let tries = 0; tries < 2; tries += 1) {
    const parsed = securityEvent.safeParse(derive(candidate as unknown as EventDraft, context.tenant))
    if (parsed.success) return parsed.data
    const wrong = new Set(parsed.error.issues.map(({ path }) => String(path[0])))
    candidate = Object.fromEntries(Object.entries(candidate).filter(([name]) => !wrong.has(name)))
  }
  return undefined
}

/** What the log tells as well is `other` here, with its own word beside it. */
const once = (action: Action, { authLog }: PullContext) =>
  authLog ? { action: 'other' as const, data: { told_by_log: action } } : { action }

export function auditEvent(entry: AuditEntry, context: PullContext): SecurityEvent | undefined {
  const meaning = auditActionOf(entry.action ?? '')
  const name = entry.target_name ?? entry.actor_name ?? undefined
  return eventOf(
    {
      ...meaning,
      ...(meaning.action === 'other' ? {} : once(meaning.action, context)),
      id: `audit:${entry.id}`,
      time: entry.at_ms,
      source: 'supabase_audit',
      ...auditPeople(entry.actor ?? undefined, entry.target ?? undefined),
      ...peopleOf(name, meaning.action === 'signup', context),
      auth_method: entry.provider ?? undefined,
      src_ip: ipOf(entry.ip, context),
    },
    context,
  )
}

/** A session that is new or was used again: the best source for where somebody is, since the audit log seldom says. */
export function sessionEvent(seen: SessionSeen, context: PullContext): SecurityEvent | undefined {
  const agent = seen.user_agent ?? ''
  const browser = userAgentOf(agent)
  const device = deviceOf(agent)
  return eventOf(
    {
      id: `session:${seen.id}:${seen.seen_ms}`,
      time: seen.seen_ms,
      source: 'supabase_sessions',
      action: 'session_seen',
      status_id: status.success,
      user_uid: seen.user_id,
      session_uid: seen.id,
      aal: seen.aal ?? undefined,
      src_ip: ipOf(seen.ip, context),
      ua_family: browser?.family,
      ua_kind: browser?.kind,
      device: device === undefined ? undefined : context.pseudonyms.of('device', device),
      data: seen.is_new === true ? { new_session: true } : undefined,
    },
    context,
  )
}

/** The hooks' reading of a factor or password; whoever passes needs no second event for it. */
export function hookEvent({ hook, uid, note, at_ms }: HookNote, context: PullContext): SecurityEvent | undefined {
  const told = timeOf(note['time'])
  // The auth server's clock and ours agree; a time far off is somebody's mistake.
  const time = told !== undefined && Math.abs(told - at_ms) < 600_000 ? told : at_ms
  const valid = note['valid'] === true ? status.success : note['valid'] === false ? status.failure : status.unknown
  const common = {
    id: `hook:${hook}:${uid}`,
    time,
    source: 'auth_hook',
    user_uid: textAt(note, ['user_id']),
    src_ip: ipOf(textAt(note, ['ip']), context),
  }
  if (hook === 'password') {
    const failed = valid === status.failure ? { error_code: 'invalid_credentials' } : {}
    // That the password was right is not yet a sign-in, and the audit log tells of that.
    const action = valid === status.failure ? once('login', context) : { action: 'other' as const }
    return eventOf({ ...common, ...action, ...failed, status_id: valid, auth_method: 'password' }, context)
  }
  if (hook === 'mfa') {
    const failed = valid === status.failure ? { error_code: 'mfa_verification_failed' } : {}
    const method = textAt(note, ['factor_type'])
    return eventOf(
      { ...common, ...once('mfa_verification', context), ...failed, status_id: valid, auth_method: method },
      context,
    )
  }
  const domain = textAt(note, ['email_domain'], 253)
  const digits = textAt(note, ['phone_prefix'])
  return eventOf(
    {
      ...common,
      // Before it happens, and the audit log tells when it has; what only the hook knows is the address and the domain.
      ...once('signup', context),
      ...(domain === undefined ? {} : emailFactsOf(`x@${domain}`)),
      phone_prefix: digits === undefined ? undefined : `+${digits}`,
      auth_method: textAt(note, ['provider']),
    },
    context,
  )
}

const ipOf = (text: string | null | undefined, { pseudonyms }: PullContext) =>
  text === undefined || text === null || text === '' ? undefined : pseudonyms.ip(text)
