import { type Action, status } from './event.ts'

interface AuditMeaning {
  readonly action: Action
  readonly status_id?: number
  readonly error_code?: string
}

const done = status.success

/** What the auth server's audit actions are in our words. Not in here: `other`. */
const meanings: Readonly<Record<string, AuditMeaning>> = {
  login: { action: 'login', status_id: done },
  logout: { action: 'logout', status_id: done },
  mfa_code_login: { action: 'mfa_verification', status_id: done },
  verification_attempted: { action: 'mfa_verification' },
  token_refreshed: { action: 'token_refresh', status_id: done },
  user_signedup: { action: 'signup', status_id: done },
  user_repeated_signup: { action: 'signup', status_id: status.failure, error_code: 'repeated_signup' },
  user_invited: { action: 'admin_call', status_id: done },
  user_deleted: { action: 'user_delete', status_id: done },
  user_recovery_requested: { action: 'recovery_request', status_id: done },
  user_confirmation_requested: { action: 'otp_send', status_id: done },
  user_reauthenticate_requested: { action: 'otp_send', status_id: done },
  user_updated_password: { action: 'password_change', status_id: done },
  factor_unenrolled: { action: 'factor_remove', status_id: done },
  factor_deleted: { action: 'factor_remove', status_id: done },
  factor_in_progress: { action: 'factor_add' },
  passkey_created: { action: 'factor_add', status_id: done },
  passkey_deleted: { action: 'factor_remove', status_id: done },
  identity_linked: { action: 'identity_link', status_id: done },
  identity_unlinked: { action: 'identity_unlink', status_id: done },
}

const word = /^[a-z][a-z0-9_]{0,62}$/

export interface AuditAction extends AuditMeaning {
  /** The source's own word, where ours says less. */
  readonly data?: { readonly audit_action: string }
}

export function auditActionOf(action: string): AuditAction {
  if (Object.hasOwn(meanings, action)) return meanings[action] ?? { action: 'other' }
  return word.test(action) ? { action: 'other', data: { audit_action: action } } : { action: 'other' }
}

/** Stands where the auth server names nobody: whoever held the project's secret key. */
const nobody = '00000000-0000-0000-0000-000000000000'

/** Whom an entry concerns and who did it. */
export function auditPeople(actor: string | undefined, target: string | undefined) {
  const doer = actor === nobody ? 'service' : actor
  const concerned = target ?? (actor === nobody ? undefined : actor)
  return { user_uid: concerned, actor_uid: doer === concerned ? undefined : doer }
}
