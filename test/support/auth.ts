import { randomUUID } from 'node:crypto'
import { prepareAuth as prepareAuthOf } from '../../src/local/auth/index.ts'
import { adminQuery } from './database-url.ts'

/** What these helpers need of a database; a `TestDatabase` is one. */
interface WithUrl {
  readonly url: string
}

/** Gives a test's database the stand-in of Supabase's `auth` schema: users, sessions, refresh tokens, factors, audit log. */
export async function prepareAuth(database: WithUrl): Promise<void> {
  await prepareAuthOf(database.url)
}

export interface NewUser {
  readonly id?: string | undefined
  readonly email?: string | undefined
  readonly phone?: string | undefined
  readonly createdAt?: Date | undefined
  readonly lastSignInAt?: Date | undefined
  readonly bannedUntil?: Date | undefined
  readonly appMetaData?: Readonly<Record<string, unknown>> | undefined
}

/** @returns the user's id */
export async function addUser(database: WithUrl, user: NewUser = {}): Promise<string> {
  const id = user.id ?? randomUUID()
  await adminQuery(
    database.url,
    `insert into auth.users
       (id, aud, role, email, phone, created_at, updated_at, last_sign_in_at, banned_until, raw_app_meta_data)
     values ($1, 'authenticated', 'authenticated', $2, $3, $4, $4, $5, $6, $7)`,
    [
      ...[id, user.email ?? `${id}@users.example`, user.phone ?? null, user.createdAt ?? new Date()],
      ...[user.lastSignInAt ?? null, user.bannedUntil ?? null, JSON.stringify(user.appMetaData ?? {})],
    ],
  )
  return id
}

export interface NewSession {
  readonly id?: string | undefined
  readonly userId: string
  readonly ip?: string | undefined
  readonly userAgent?: string | undefined
  readonly aal?: 'aal1' | 'aal2' | 'aal3' | undefined
  readonly createdAt?: Date | undefined
  readonly refreshedAt?: Date | undefined
  readonly notAfter?: Date | undefined
  /** How many refresh tokens of its chain to make; the last one is not revoked. @default 1 */
  readonly refreshTokens?: number | undefined
}

/** @returns the session's id */
export async function addSession(database: WithUrl, session: NewSession): Promise<string> {
  const id = session.id ?? randomUUID()
  const createdAt = session.createdAt ?? new Date()
  await adminQuery(
    database.url,
    `with made as (
       insert into auth.sessions (id, user_id, created_at, updated_at, aal, refreshed_at, not_after, user_agent, ip)
       values ($1, $2, $3::timestamptz, coalesce($5::timestamptz, $3::timestamptz), $4, $5::timestamptz at time zone 'utc', $6, $7, $8)
     )
     select`,
    [
      ...[id, session.userId, createdAt, session.aal ?? 'aal1', session.refreshedAt ?? null],
      ...[session.notAfter ?? null, session.userAgent ?? null, session.ip ?? null],
    ],
  )
  const tokens = session.refreshTokens ?? 1
  await adminQuery(
    database.url,
    `insert into auth.refresh_tokens (token, user_id, revoked, created_at, updated_at, parent, session_id)
     select $1::text || n, $2, n < $3::int, $4::timestamptz, $4::timestamptz, case when n > 1 then $1::text || (n - 1) end, $5::uuid
     from generate_series(1, $3::int) as n`,
    [`${id.slice(0, 8)}-`, session.userId, tokens, createdAt, id],
  )
  return id
}

export interface NewAuditEntry {
  readonly id?: string | undefined
  /** login, user_signedup, token_refreshed … */
  readonly action: string
  readonly actorId?: string | undefined
  readonly actorUsername?: string | undefined
  readonly createdAt?: Date | undefined
  readonly ip?: string | undefined
  readonly traits?: Readonly<Record<string, unknown>> | undefined
}

/** As the auth server writes them: the address is an empty text unless given. @returns the entry's id */
export async function addAuditEntry(database: WithUrl, entry: NewAuditEntry): Promise<string> {
  const id = entry.id ?? randomUUID()
  const createdAt = entry.createdAt ?? new Date()
  const payload = {
    action: entry.action,
    actor_id: entry.actorId ?? '00000000-0000-0000-0000-000000000000',
    actor_username: entry.actorUsername ?? 'someone@users.example',
    actor_via_sso: false,
    log_type: 'account',
    ...(entry.traits === undefined ? {} : { traits: entry.traits }),
  }
  await adminQuery(
    database.url,
    `insert into auth.audit_log_entries (instance_id, id, payload, created_at, ip_address)
     values ('00000000-0000-0000-0000-000000000000', $1, $2, $3, $4)`,
    [id, JSON.stringify(payload), createdAt, entry.ip ?? ''],
  )
  return id
}
