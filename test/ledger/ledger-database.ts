import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { digestOf, type Json, sha256 } from '../../src/canonical.ts'
import type { StoredReceipt, TransactionCall } from '../../src/ledger/index.ts'
import { createDatabase, type TestDatabase } from '../support/index.ts'

/** What `execute` answers, as far as the tests look at it. */
export interface Reply {
  readonly outcome: string
  readonly process: string
  readonly step: number
  readonly ledger_id: string | null
  readonly output: Json
  readonly committed_at: string | null
}

export interface LedgerDatabase {
  readonly database: TestDatabase
  /** Superuser. */
  readonly admin: pg.Pool
  /** Calls public.bee_execute as service_role. */
  readonly call: (call: object) => Promise<Reply & Readonly<Record<string, unknown>>>
  readonly execute: (call: TransactionCall) => Promise<Reply>
  /** Payloads of all effects, in the order of their commit. */
  readonly effects: () => Promise<Json[]>
  readonly count: (table: string) => Promise<number>
  readonly close: () => Promise<void>
}

/**
 * Three task functions: `append` writes a row and gives it back, `fail` writes one and then raises the SQLSTATE that
 * its input names, `wait` writes one and then holds its transaction open for `seconds`.
 */
const fixture = `
  create schema fixture authorization bees_owner;
  create table fixture.effects (id bigint generated always as identity, payload jsonb not null);
  alter table fixture.effects owner to bees_owner;

  create function bee_tasks.test__append(input jsonb, call jsonb) returns jsonb language plpgsql as $$
  begin
    insert into fixture.effects (payload) values (input);
    return jsonb_build_object('done', input, 'process', call -> 'process');
  end $$;

  create function bee_tasks.test__fail(input jsonb, call jsonb) returns jsonb language plpgsql as $$
  begin
    insert into fixture.effects (payload) values (input);
    raise exception 'canary-in-message' using
      errcode = input ->> 'sqlstate', detail = 'canary-in-detail', hint = 'canary-in-hint';
  end $$;

  create function bee_tasks.test__wait(input jsonb, call jsonb) returns jsonb language plpgsql as $$
  begin
    insert into fixture.effects (payload) values (input);
    perform pg_sleep((input ->> 'seconds')::float8);
    return input;
  end $$;

  create function bee_tasks.test__null(input jsonb, call jsonb) returns jsonb language sql as 'select null::jsonb';
`

export async function ledgerDatabase(): Promise<LedgerDatabase> {
  const database = await createDatabase()
  const admin = pool(database.url)
  await admin.query(fixture)
  const service = pool(database.url, 'service_role')
  const call: LedgerDatabase['call'] = async (argument) =>
    (await service.query('select public.bee_execute($1) as reply', [JSON.stringify(argument)])).rows[0].reply
  return {
    database,
    admin,
    call,
    execute: (argument) => call({ v: 1, op: 'execute', ...argument }),
    effects: async () =>
      (await admin.query('select payload from fixture.effects order by id')).rows.map((r) => r.payload),
    count: async (table) => Number((await admin.query(`select count(*) as n from ${table}`)).rows[0].n),
    close: async () => {
      await Promise.all([admin.end(), service.end()])
      await database.drop()
    },
  }
}

/** Connections that act as the role from the start. */
export function pool(url: string, role?: string): pg.Pool {
  const made = new pg.Pool({
    connectionString: url,
    max: 50,
    connectionTimeoutMillis: 10_000,
    ...(role === undefined ? {} : { options: `-c role=${role}` }),
  })
  made.on('error', () => undefined)
  return made
}

export const hex = (bytes = 32): string => randomBytes(bytes).toString('hex')

export const fence = (retries = 0, starttime = '2026-01-01T00:00:00.000001Z') => ({ retries, starttime })

/** A call of test/append that fits, with another process each time. */
export function transactionCall(over: Partial<TransactionCall> = {}): TransactionCall {
  const payload = over.payload ?? { amount: 1 }
  return {
    colony: 'test-colony',
    process: hex(),
    executor: 'e'.repeat(64),
    fence: fence(),
    bee: 'test',
    task: 'append',
    step: 1,
    key: null,
    input_digest: digestOf(payload),
    schema_hash: 'a'.repeat(64),
    nonce: null,
    payload,
    ...over,
  }
}

export const nonce = () => ({ kid: 'submitter', nonce: hex(16), expires_at: '2030-01-01T00:00:00Z' })

/** A chain of receipts with made-up tokens: the ledger looks at their digests only. */
export function receiptChain(length: number, over: Partial<StoredReceipt> = {}): StoredReceipt[] {
  const executor = over.executor ?? hex()
  const chain: StoredReceipt[] = []
  for (let seq = 1; seq <= length; seq += 1) {
    const jws = `header.${hex()}.signature`
    chain.push({
      digest: sha256(jws),
      colony: 'test-colony',
      process: hex(),
      seq,
      previous: chain.at(-1)?.digest ?? null,
      kid: 'receipt-key',
      outcome: 'applied',
      ledger_ids: ['1'],
      jws,
      ...over,
      executor,
    })
  }
  return chain
}
