import pg from 'pg'

/** A small table for a person. */
export interface Table {
  readonly title: string
  readonly rows: readonly (readonly string[])[]
}

/** Whose rows. */
export interface Cast {
  readonly customer: string
  readonly user: string
}

/** What the story leaves in the database, read with the owner's connection: the API does not expose these tables. */
export interface Rows {
  /** What the user may use now. */
  standing(user: string): Promise<{ readonly entitled: boolean; readonly status: string | null } | null>
  tables(cast: Cast, events: readonly string[]): Promise<readonly Table[]>
  close(): Promise<void>
}

const queryTimeoutMs = 10_000

export async function openRows(databaseUrl: string): Promise<Rows> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    query_timeout: queryTimeoutMs,
    connectionTimeoutMillis: queryTimeoutMs,
  })
  await client.connect()
  const table = async (title: string, sql: string, key: unknown): Promise<Table> => {
    const { rows } = await client.query<(string | null)[]>({ text: sql, values: [key], rowMode: 'array' })
    return { title, rows: rows.map((row) => row.map((cell) => cell ?? '–')) }
  }
  return {
    standing: async (user) => {
      const { rows } = await client.query<{ entitled: boolean; status: string | null }>(
        `select entitled, status from finance.user_profiles where account = 'self' and not livemode and user_id = $1`,
        [user],
      )
      return rows[0] ?? null
    },
    tables: async ({ customer, user }, events) => [
      await table(
        'finance.user_profiles',
        `select user_id, status, case when entitled then 'entitled' else 'not entitled' end
         from finance.user_profiles where user_id = $1`,
        user,
      ),
      await table(
        'finance.subscriptions',
        `select id, status, to_char(ended_at, 'YYYY-MM-DD') from finance.subscriptions where customer = $1`,
        customer,
      ),
      await table(
        'finance.payment_nets',
        `select id, status, 'paid ' || amount_paid, 'refunded ' || amount_refunded, 'lost ' || amount_lost,
           'net ' || amount_net, currency
         from finance.payment_nets where customer = $1 and amount_paid > 0 order by id`,
        customer,
      ),
      await table(
        'finance.refunds',
        `select r.id, r.status, r.amount::text, r.currency
         from finance.refunds as r join finance.charges as c on c.id = r.charge
         where c.customer = $1 order by r.id`,
        customer,
      ),
      await table(
        'finance.events',
        `select state, count(*)::text from finance.events where id = any ($1) group by state order by state`,
        events,
      ),
    ],
    close: () => client.end(),
  }
}
