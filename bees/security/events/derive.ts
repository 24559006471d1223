import { type Action, classes, type SecurityEvent, status } from './event.ts'
import { netOf } from './ip-address.ts'

const { authentication, accountChange, authorizeSession, http, api, datastore, application } = classes

/** Class and activity of OCSF for each action. 99 is OCSF's "other". */
export const uids: Readonly<Record<Action, readonly [classUid: number, activityId: number]>> = {
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

/** What a normaliser has to say; the rest follows from it. */
export type EventDraft = Partial<SecurityEvent> & Pick<SecurityEvent, 'id' | 'time' | 'source' | 'action'>

/** Adds what follows from the rest: class, activity, status where unsaid, `account` and `src_net`. */
export function derive(draft: EventDraft, tenant: string): SecurityEvent {
  const [classUid, activityId] = uids[draft.action]
  const account = draft.user_uid ?? draft.identifier
  return {
    ...draft,
    tenant,
    class_uid: draft.class_uid ?? classUid,
    activity_id: draft.activity_id ?? activityId,
    status_id: draft.status_id ?? statusOf(draft.status_code),
    ...(account === undefined ? {} : { account }),
    ...(draft.src_ip === undefined ? {} : { src_net: netOf(draft.src_ip) }),
  }
}

/** Success below 400, failure from there on; unknown without a code. */
function statusOf(code: number | undefined): number {
  if (code === undefined || code < 100) return status.unknown
  return code < 400 ? status.success : status.failure
}
