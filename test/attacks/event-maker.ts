import { type Action, classes, type SecurityEvent } from '../../bees/security/events/event.ts'

export const tenant = 'acme'

type Fields = Partial<Omit<SecurityEvent, 'id' | 'tenant' | 'time' | 'class_uid' | 'activity_id' | 'account'>>
/** What makes an event besides its time: the action and whatever is known. */
export type Draft = Fields & { readonly action: Action }

const { accountChange, authentication, authorizeSession, http, api, datastore, application } = classes

/** OCSF class and activity of each action: as the ingest derives them (a test compares), but without its parsing. */
const kinds: Readonly<Record<Action, readonly [classUid: number, activityId: number]>> = {
  login: [authentication, 1],
  logout: [authentication, 2],
  mfa_verification: [authentication, 99],
  token_refresh: [authentication, 4],
  token_check: [authentication, 3],
  session_seen: [authentication, 99],
  signup: [accountChange, 1],
  recovery_request: [accountChange, 4],
  otp_send: [accountChange, 99],
  password_change: [accountChange, 3],
  email_change: [accountChange, 99],
  factor_add: [accountChange, 10],
  factor_remove: [accountChange, 11],
  identity_link: [accountChange, 99],
  identity_unlink: [accountChange, 99],
  user_delete: [accountChange, 6],
  user_lookup: [accountChange, 99],
  role_grant: [authorizeSession, 1],
  admin_call: [api, 99],
  api_key_create: [api, 1],
  api_key_use: [api, 2],
  config_change: [api, 3],
  http_request: [http, 99],
  data_read: [datastore, 1],
  data_write: [datastore, 2],
  data_delete: [datastore, 5],
  data_export: [datastore, 99],
  access_denied: [datastore, 99],
  payment_attempt: [api, 99],
  webhook_delivery: [api, 99],
  envelope_refused: [api, 99],
  heartbeat: [application, 99],
  metric: [application, 99],
  other: [application, 99],
}

/** Sources that send heartbeats. */
export const sources = ['supabase_auth', 'supabase_edge', 'auth_hook', 'app', 'hive'] as const

export type MakeEvent = (timeMs: number, draft: Draft) => SecurityEvent

/**
 * Makes events with ids of their own. The status is `1` and the source `supabase_auth` unless the draft says otherwise. Ids
 * tell nothing: no prefix says who made it.
 */
export function createEventMaker(): MakeEvent {
  let made = 0
  return (timeMs, draft) => {
    made += 1
    const [classUid, activityId] = kinds[draft.action]
    const account = draft.user_uid ?? draft.identifier
    const event = {
      source: 'supabase_auth',
      status_id: 1,
      ...draft,
      id: made.toString(36).padStart(7, '0'),
      tenant,
      time: Math.floor(timeMs),
      class_uid: classUid,
      activity_id: activityId,
    }
    return account === undefined ? event : { ...event, account }
  }
}
