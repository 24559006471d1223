import pg from 'pg'
import type { Story } from './story.ts'

/** A small table for a person. */
export interface Table {
  readonly title: string
  readonly rows: readonly (readonly string[])[]
}

const queryTimeoutMs = 10_000

/** What the story left in the database, read with the owner's connection: the API does not expose these tables. */
export async function readRows(databaseUrl: string, { customer, user }: Story): Promise<readonly Table[]> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    query_timeout: queryTimeoutMs,
    connectionTimeoutMillis: queryTimeoutMs,
  })
  await client.connect()
  try {
    const table = async (title: string, sql: string, key: string): Promise<Table> => {
      const { rows } = await client.query<(string | null)[]>({ text: sql, values: [key], rowMode: 'array' })
      return { title, rows: rows.map((row) => row.map((cell) => cell ?? '–')) }
    }
    return [
      await table(
        'finance.user_profiles',
        `select user_id, status, case when entitled then 'entitled' else 'not entitled' end from finance.user_profiles where user_id = $1`,
        user,
      ),
      await table(
        'finance.subscriptions',
        `select id, status, to_char(ended_at, 'YYYY-MM-DD') from finance.subscriptions where customer = $1`,
        customer,
      ),
      await table(
        'finance.payments',
        `select id, status, amount_paid::text, currency from finance.payments where customer = $1 order by changed_at, id`,
        customer,
      ),
      await table(
        'finance.refunds',
        `select r.id, r.status, r.amount::text, r.currency from finance.refunds r join finance.charges c on c.id = r.charge where c.customer = $1 order by r.id`,
        customer,
      ),
      await table(
        'bees.ledger',
        `select 'rows for this customer', count(*)::text, 'one for each event' from bees.ledger where key like 'self:false:' || $1 || '%'`,
        eventPrefix(customer),
      ),
    ]
  } finally {
    await client.end()
  }
}

/** Event ids share the seed with the customer's id. */
function eventPrefix(customer: string): string {
  return `${customer.replace(/^cus_/, 'evt_')}n`
}
