/** The attacker holds a database session of the role `bee` or `service_role`, and may make temporary objects in it. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Take } from '../../bees/finance/steps.ts'
import { digestOf } from '../../src/canonical.ts'
import { subscriptionTold } from '../bees/finance/take-payloads.ts'
import { hex, type LedgerDatabase, ledgerDatabase, pool, transactionCall } from '../ledger/ledger-database.ts'

let ledger: LedgerDatabase
beforeAll(async () => {
  ledger = await ledgerDatabase()
})
afterAll(() => ledger.close())

/** Types that finance's SQL names; with an empty search path a temporary one of the same name is found first. */
const types = ['text', 'jsonb', 'timestamptz']

const offer = (): Take => {
  const [id, customer] = [hex(8), hex(8)]
  const told = subscriptionTold(`sub_${id}`, { customer: `cus_${customer}` })
  const created_at = '2026-01-01T00:00:00Z'
  return {
    head: {
      ...{ account: 'self', livemode: false, event: `evt_${id}`, type: 'customer.subscription.created' },
      ...{ form: 'snapshot', created_at, api_version: null },
    },
    target: { kind: 'subscription', object: told.fact.id },
    facts: [told],
    reads: [],
    park: false,
  }
}

describe.each(['bee', 'service_role'])('a temporary domain of %s', (role) => {
  test.each(types)('named %s does not run its code as bees_owner', async (type) => {
    const attacker = pool(ledger.database.url, role)
    const client = await attacker.connect()
    try {
      await client.query(`
        create temp table loot (taken name);
        create function pg_temp.steal() returns boolean language plpgsql as $$
        begin
          insert into pg_temp.loot values (current_user);
          return true;
        end $$;
        grant all on pg_temp.loot to public;
        create domain pg_temp.${type} as pg_catalog.${type} check (pg_temp.steal())`)
      const payload = offer()
      const call = transactionCall({
        bee: 'finance',
        task: 'apply_stripe_event',
        payload,
        input_digest: digestOf(payload),
      })
      const { rows } = await client.query('select public.bee_execute($1::pg_catalog.jsonb) as reply', [
        JSON.stringify({ v: 1, op: 'execute', ...call }),
      ])
      expect(rows[0].reply).toMatchObject({ outcome: 'applied' })
      expect((await client.query('select distinct taken from pg_temp.loot')).rows).toEqual([])
    } finally {
      client.release(true)
      await attacker.end()
    }
  })
})
