import pg from 'pg'

/** One version of one row, in the order in which they were written. */
export interface Written {
  /** Rows of one transaction have the same. */
  readonly tx: string
  readonly table: string
  readonly op: 'INSERT' | 'UPDATE' | 'DELETE'
  /** After the write; for a deletion before it. */
  readonly row: Row
}

export type Row = Readonly<Record<string, unknown>>

/** Everything that a history has left in the database. */
export interface Remains {
  /** By the names of tables and views of schema finance. */
  readonly tables: Readonly<Record<string, readonly Row[]>>
  readonly written: readonly Written[]
  /** Of this history's colony. */
  readonly ledger: readonly LedgerRow[]
}

export interface LedgerRow {
  readonly id: number
  readonly process: string
  readonly step: number
  readonly task: string
  readonly key: string | null
}

/** A database in which every version of every finance row is kept. One history at a time has it. */
export interface Recorder {
  /** @param colony whose ledger rows are wanted */
  remains(colony: string): Promise<Remains>
  /** Forgets all finance rows and their versions. The ledger stays: it is append-only. */
  clear(): Promise<void>
  query(sql: string, values?: readonly unknown[]): Promise<Row[]>
  close(): Promise<void>
}

const objectTables = [
  'customers',
  'checkout_sessions',
  'subscriptions',
  'subscription_items',
  'invoices',
  'invoice_payments',
  'payment_intents',
  'charges',
  'refunds',
  'disputes',
  'credit_notes',
]

/** Runs as whoever owns this: the writers may write nothing here themselves. */
const recording = `
  create schema if not exists recorded;
  create unlogged table recorded.versions (
    n bigint generated always as identity primary key, tx xid8 not null, name text not null, op text not null,
    content jsonb not null
  );
  create function recorded.note() returns trigger language plpgsql security definer set search_path = '' as $$
  begin
    insert into recorded.versions (tx, name, op, content) values (
      pg_catalog.pg_current_xact_id(), tg_table_name, tg_op,
      case when tg_op = 'DELETE' then pg_catalog.to_jsonb(old) else pg_catalog.to_jsonb(new) end
    );
    return null;
  end $$;
  ${objectTables
    .map(
      (table) => `create trigger recorded after insert or update or delete on finance.${table}
        for each row execute function recorded.note();`,
    )
    .join('\n')}`

/** @param url of a superuser, whose database has all migrations */
export async function openRecorder(url: string): Promise<Recorder> {
  const pool = new pg.Pool({ connectionString: url, max: 2 })
  pool.on('error', () => undefined)
  await pool.query(recording)
  const { rows: found } = await pool.query<{ name: string; kind: string }>(
    `select relname as name, relkind as kind from pg_class
     where relnamespace = 'finance'::regnamespace and relkind in ('r', 'v') order by relname`,
  )
  const all = (name: string, source: string, order = '') =>
    `'${name}', (select coalesce(jsonb_agg(to_jsonb(x) ${order}), '[]') from ${source} as x)`
  const tables = found.map(({ name }) => all(name, `finance."${name}"`)).join(', ')
  const everything = `select
      jsonb_build_object(${tables}) as tables,
      (select coalesce(jsonb_agg(jsonb_build_object('tx', tx::text, 'table', name, 'op', op, 'row', content) order by n), '[]')
       from recorded.versions) as written,
      (select coalesce(jsonb_agg(jsonb_build_object('id', id, 'process', process, 'step', step, 'task', task, 'key', key)
                                 order by id), '[]')
       from bees.ledger where colony = $1) as ledger`
  const forget = `set session_replication_role = replica;
    ${found
      .filter(({ kind }) => kind === 'r')
      .map(({ name }) => `delete from finance."${name}";`)
      .join(' ')}
    delete from recorded.versions;
    reset session_replication_role;`

  return {
    remains: async (colony) => {
      const { rows } = await pool.query<Remains>({ name: 'remains', text: everything, values: [colony] })
      const [remains] = rows
      if (remains === undefined) throw new Error('the database gave no rows at all')
      return remains
    },
    clear: async () => void (await pool.query(forget)),
    query: async (sql, values = []) => (await pool.query<Row>(sql, [...values])).rows,
    close: () => pool.end(),
  }
}
