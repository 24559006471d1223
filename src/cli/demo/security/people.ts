import { createHash, randomUUID } from 'node:crypto'
import pg from 'pg'

/** A user of the demo's SaaS with one session, as Supabase's auth keeps them. */
export interface Person {
  readonly user: string
  readonly session: string
  readonly email: string
}

/** The auth schema of the local database, in which nobody else lives. */
export interface Town {
  /** Everything that auth knows of this person's sessions: equal texts, equal states. */
  sessionsOf(person: Person): Promise<readonly string[]>
  close(): Promise<void>
  readonly people: readonly Person[]
}

const queryTimeoutMs = 10_000

/** Moves `count` people in. The names depend on the seed alone, the ids are new. */
export async function openTown(databaseUrl: string, seed: number, count: number): Promise<Town> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    query_timeout: queryTimeoutMs,
    connectionTimeoutMillis: queryTimeoutMs,
  })
  await client.connect()
  const people: Person[] = []
  for (let n = 0; n < count; n += 1) {
    const name = createHash('sha256').update(`${seed} ${n}`).digest('hex').slice(0, 8)
    const person = { user: randomUUID(), session: randomUUID(), email: `${name}@demo.example` }
    await client.query(
      `insert into auth.users (id, aud, role, email, created_at, updated_at, raw_app_meta_data)
       values ($1, 'authenticated', 'authenticated', $2, now(), now(), '{}')`,
      [person.user, `${person.user}@demo.example`],
    )
    await client.query(
      `insert into auth.sessions (id, user_id, created_at, updated_at, aal) values ($1, $2, now(), now(), 'aal1')`,
      [person.session, person.user],
    )
    await client.query(
      `insert into auth.refresh_tokens (token, user_id, session_id, revoked, created_at, updated_at)
       values ($1, $2::uuid::text, $3, false, now(), now())`,
      [randomUUID(), person.user, person.session],
    )
    people.push(person)
  }
  return {
    people,
    sessionsOf: async ({ user }) => {
      const { rows } = await client.query<{ row: string }>(
        `select to_jsonb(s)::text as row from auth.sessions as s where s.user_id = $1
         union all
         select to_jsonb(t)::text from auth.refresh_tokens as t where t.user_id = $1::text
         order by 1`,
        [user],
      )
      return rows.map(({ row }) => row)
    },
    close: () => client.end(),
  }
}
