import { createHash } from 'node:crypto'
import { uids } from '../../../bees/security/events/derive.ts'
import type { SecurityEvent } from '../../../bees/security/events/event.ts'

const data = /^\/(rest\/v1\/(?!rpc\/)|storage\/v1\/object)/

/** Requests to tables and stored objects are told as reads of data: docs/security-events.md, log drain. */
export function asDocumented(event: SecurityEvent): SecurityEvent {
  if (event.action !== 'http_request' || event.path === undefined || !data.test(event.path)) return event
  const refused = event.status_code === 401 || event.status_code === 403
  const action = refused ? 'access_denied' : 'data_read'
  const [classUid, activityId] = uids[action]
  return { ...event, action, class_uid: classUid, activity_id: activityId }
}

const fromDrain = new Set(['supabase_auth', 'supabase_edge', 'auth_hook'])

/** What is left of a user agent without its numbers is shared by everybody with that browser on that system. */
function sharedDevice({ device, ua_family: family, ua_kind: kind }: SecurityEvent): string | undefined {
  if (device === undefined) return undefined
  const system = Number.parseInt(device.slice(1, 4), 16) % 3
  return `d${createHash('sha256').update(`${family} ${kind} ${system}`).digest('hex').slice(0, 15)}`
}

/**
 * The same where nothing but the hooks, the puller and the log drain of a Supabase project are wired: nobody says what kind of
 * network it was, a device is no more than browser and system, and the auth log knows neither session nor handshake.
 */
export function asDrained(original: SecurityEvent): SecurityEvent {
  const event = asDocumented(original)
  if (!fromDrain.has(event.source)) return event
  const { network_type: _type, device: _device, ...rest } = event
  const device = sharedDevice(event)
  const shared = device === undefined ? rest : { ...rest, device }
  if (event.source !== 'supabase_auth' || event.action === 'session_seen') return shared
  const { session_uid: _session, aal: _aal, ja3: _ja3, ...told } = shared
  return told
}
