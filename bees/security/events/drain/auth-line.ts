import { auditActionOf, auditPeople } from '../audit-actions.ts'
import { emailFactsOf, phonePrefixOf } from '../email-domain.ts'
import { type Action, status } from '../event.ts'
import { at, defined, integerAt, textAt } from '../fields.ts'
import type { NormaliserContext } from '../normaliser.ts'
import { deviceOf, userAgentOf } from '../user-agent.ts'
import type { DrainLine, LineDraft, LineReader } from './line.ts'

/**
 * A line of the auth server. What went well is taken from the audit events in it, what failed from requests that ended with
 * an error: together each attempt once. A failed request has two lines; both get the id of the request, so one counts.
 */
export const authLine: LineReader = (line, context) => {
  const event = at(line.facts, 'auth_event') ?? at(line.facts, 'auth_audit_event')
  if (event !== undefined) return auditOf(event, line, context)
  return failureOf(line, context)
}

function auditOf(event: unknown, { facts }: DrainLine, context: NormaliserContext): LineDraft | undefined {
  const action = textAt(event, ['action'])
  if (action === undefined) return undefined
  const name = textAt(event, ['traits', 'user_email'], 320) ?? textAt(event, ['actor_username'], 320)
  return {
    source: 'supabase_auth',
    ...auditActionOf(action),
    ...auditPeople(textAt(event, ['actor_id']), textAt(event, ['traits', 'user_id'])),
    auth_method: textAt(facts, ['login_method']) ?? textAt(event, ['traits', 'provider']),
    ...peopleOf(name, action === 'user_signedup', context),
    ...requestOf(facts, context),
  }
}

/** What is told of an e-mail address or number: its hash, and where somebody signs up the part that belongs to many. */
export function peopleOf(name: string | undefined, signsUp: boolean, { pseudonyms }: NormaliserContext) {
  if (name === undefined) return {}
  const isEmail = name.includes('@')
  return defined({
    identifier: pseudonyms.identifier(name),
    ...(signsUp && isEmail ? emailFactsOf(name) : {}),
    phone_prefix: isEmail ? undefined : phonePrefixOf(name),
  })
}

function requestOf(facts: DrainLine['facts'], { pseudonyms }: NormaliserContext) {
  const address = textAt(facts, ['remote_addr'])
  const agent = textAt(facts, ['user_agent'], 2048) ?? ''
  const browser = userAgentOf(agent)
  const device = deviceOf(agent)
  return defined({
    src_ip: address === undefined ? undefined : pseudonyms.ip(address),
    ua_family: browser?.family,
    ua_kind: browser?.kind,
    device: device === undefined ? undefined : pseudonyms.of('device', device),
  })
}

/** Messages of auth servers that name no code. */
const codes: readonly (readonly [pattern: RegExp, code: string])[] = [
  [/invalid login credentials/i, 'invalid_credentials'],
  [/refresh token: already used/i, 'refresh_token_already_used'],
  [/refresh token: (refresh )?token not found/i, 'refresh_token_not_found'],
  [/invalid jwt|bad_jwt/i, 'bad_jwt'],
  [/user not found/i, 'user_not_found'],
  [/rate limit/i, 'over_request_rate_limit'],
]

function failureOf({ facts, message }: DrainLine, context: NormaliserContext): LineDraft | undefined {
  const spoken = textAt(facts, ['msg'], 512) ?? message ?? ''
  const told = integerAt(facts, ['status'], 100, 599) ?? Number(/^([45]\d\d): /.exec(spoken)?.[1] ?? Number.NaN)
  const given = textAt(facts, ['error_code'])
  const error = textAt(facts, ['error'], 512) ?? ''
  const code = given !== undefined && /^\w+$/.test(given) && !/^\d+$/.test(given) ? given : codeOf(`${spoken} ${error}`)
  const statusCode = Number.isNaN(told) ? undefined : told
  if (statusCode === undefined ? code === undefined : statusCode < 400) return undefined
  const path = textAt(facts, ['path'], 512) ?? ''
  const request = textAt(facts, ['request_id'], 100)
  const [action, method] = attemptOf(path, code, textAt(facts, ['grant_type']))
  const user = textAt(facts, ['user_id']) ?? textAt(facts, ['actor_id'])
  return {
    id: request === undefined ? undefined : `auth:${request}`,
    source: 'supabase_auth',
    action,
    status_id: status.failure,
    status_code: statusCode,
    error_code: code,
    user_uid: user,
    auth_method: method,
    http_method: textAt(facts, ['method'], 16),
    ...peopleOf(textAt(facts, ['actor_username'], 320), action === 'signup', context),
    ...requestOf(facts, context),
  }
}

const codeOf = (text: string) => codes.find(([pattern]) => pattern.test(text))?.[1]

function attemptOf(path: string, code = '', grant = ''): readonly [Action, string | undefined] {
  if (code === 'bad_jwt') return ['token_check', undefined]
  if (/^\/factors\/[^/]+\/(verify|challenge)/.test(path)) return ['mfa_verification', undefined]
  if (path.startsWith('/admin/')) return ['admin_call', undefined]
  if (path.startsWith('/token')) {
    const refresh = grant === 'refresh_token' || /^(refresh_token|session)_/.test(code)
    return refresh ? ['token_refresh', undefined] : ['login', grant === '' || grant === 'password' ? 'password' : grant]
  }
  if (path.startsWith('/verify')) return ['login', 'otp']
  if (/^\/(callback|authorize)/.test(path)) return ['login', 'oauth']
  if (path.startsWith('/sso')) return ['login', 'sso']
  if (path.startsWith('/signup')) return ['signup', undefined]
  if (path.startsWith('/recover')) return ['recovery_request', undefined]
  if (/^\/(otp|magiclink|resend|reauthenticate)/.test(path)) return ['otp_send', undefined]
  return ['other', undefined]
}
