/** The attacker holds the API's secret key, the role `bee`, or a careless superuser's script. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sha256 } from '../../src/canonical.ts'
import { generateSeed, SigningKey } from '../../src/trust/index.ts'
import {
  hex,
  type LedgerDatabase,
  ledgerDatabase,
  pool,
  receiptChain,
  transactionCall,
} from '../ledger/ledger-database.ts'

let ledger: LedgerDatabase
beforeAll(async () => {
  ledger = await ledgerDatabase()
  await ledger.execute(transactionCall())
  await ledger.call({ v: 1, op: 'store_receipts', receipts: receiptChain(1) })
})
afterAll(() => ledger.close())

const newKey = () => {
  const { kid, publicJwk } = new SigningKey(generateSeed())
  return { kid, x: publicJwk.x, use: 'receipt', not_before: '2026-01-01T00:00:00Z', not_after: null as string | null }
}

describe('history', () => {
  const scripts = [
    'delete from bees.ledger',
    'truncate bees.ledger cascade',
    `update bees.receipts set jws = ''`,
    'truncate bees.receipts, bees.keys',
    'delete from bees.keys',
    `update bees.keys set x = ''`,
  ]

  test.each(scripts)('a seed script in replica mode cannot do: %s', async (sql) => {
    await ledger.call({ v: 1, op: 'publish_key', ...newKey() })
    const client = await ledger.admin.connect()
    try {
      await client.query('set session_replication_role = replica')
      await expect(client.query(sql)).rejects.toMatchObject({ code: '55000' })
    } finally {
      client.release(true)
    }
  })

  test.each(['service_role', 'bee', 'bees_owner'])('%s cannot go into replica mode', async (role) => {
    const attacker = pool(ledger.database.url, role)
    await expect(attacker.query('set session_replication_role = replica')).rejects.toMatchObject({ code: '42501' })
    await attacker.end()
  })
})

describe('keys', () => {
  const publish = (key: object) => ledger.call({ v: 1, op: 'publish_key', ...key })

  test('whoever holds the API key cannot make past receipts unprovable by ending the key in the past', async () => {
    const key = newKey()
    await publish(key)
    const before = Date.now()
    const reply = await publish({ ...key, not_after: '2026-01-02T00:00:00Z' })
    const { not_after } = reply['key'] as { not_after: string }
    expect(Date.parse(not_after)).toBeGreaterThanOrEqual(before - 1000)
    // Nor does trying again move it.
    expect(await publish({ ...key, not_after: '1970-01-01T00:00:00Z' })).toMatchObject({ key: { not_after } })
  })
})

describe('seal', () => {
  test('mends an empty search path, which lets temporary types in first', async () => {
    await ledger.admin.query(`
      create function bee_tasks.test__careless(input jsonb, call jsonb) returns jsonb language plpgsql
      set search_path = '' as $$ declare seen text := input::text; begin return to_jsonb(seen); end $$;
      call bees.seal('bee_tasks')`)
    const { rows } = await ledger.admin.query(
      `select proconfig from pg_proc where oid = 'bee_tasks.test__careless'::regproc`,
    )
    expect(rows).toEqual([{ proconfig: ['search_path=pg_catalog, pg_temp'] }])
  })

  test.each(['public', 'auth', 'pg_catalog', 'finanse', 'bees"; drop schema bees; --'])(
    'does not touch %s, which is none of ours, and does not stay silent about it',
    async (schema) => {
      await expect(ledger.admin.query('call bees.seal($1)', [schema])).rejects.toMatchObject({ code: '22023' })
    },
  )

  test('no function of ours is left with one', async () => {
    const { rows } = await ledger.admin.query(`
      select p.oid::regprocedure::text as name from pg_proc as p
      where p.proowner = 'bees_owner'::regrole and p.proconfig @> array['search_path=""']`)
    expect(rows).toEqual([])
  })

  test("closes the schema itself, whatever the platform's default privileges gave away", async () => {
    await ledger.admin.query(`
      alter default privileges grant usage on schemas to anon;
      create schema late_bee authorization bees_owner;
      create table late_bee.secrets (secret text);
      call bees.seal('late_bee')`)
    const { rows } = await ledger.admin.query(`select has_schema_privilege('anon', 'late_bee', 'usage') as usage`)
    expect(rows).toEqual([{ usage: false }])
  })
})

describe('two tasks never share a function', () => {
  test('another spelling of a task reaches nothing, so its ledger key cannot be had twice', async () => {
    await ledger.admin.query(`
      create function bee_tasks.test__two_words(input jsonb, call jsonb) returns jsonb language sql return input`)
    const key = hex()
    expect(await ledger.execute(transactionCall({ task: 'two_words', key }))).toMatchObject({ outcome: 'applied' })
    await expect(ledger.execute(transactionCall({ task: 'two-words', key }))).rejects.toMatchObject({ code: '22023' })
  })
})

describe('what a holder of the API key can forge is recorded, and is not a receipt', () => {
  test('a junk receipt takes its place in the chain, under its own digest', async () => {
    const jws = 'e30.e30.e30'
    const [forged] = receiptChain(1, { jws, digest: sha256(jws) })
    expect(await ledger.call({ v: 1, op: 'store_receipts', receipts: [forged] })).toMatchObject({ outcome: 'stored' })
    const changed = { ...forged, jws: 'e30.e30.e31' }
    await expect(ledger.call({ v: 1, op: 'store_receipts', receipts: [changed] })).rejects.toMatchObject({
      code: '22023',
    })
  })
})
