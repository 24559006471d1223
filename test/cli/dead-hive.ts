import { beforeAll } from 'vitest'
import { digestOf } from '../../src/canonical.ts'
import type { DeadPorts } from '../../src/cli/dead/ports.ts'
import type { RedrivePorts } from '../../src/cli/dead/redrive.ts'
import { createSubmitter, type Submitter } from '../../src/fleet/index.ts'
import type { Ledger } from '../../src/ledger/index.ts'
import { systemClock } from '../../src/resilience/index.ts'
import { generateSeed, SigningKey } from '../../src/trust/index.ts'
import { colony, type Surroundings, testLedger } from '../fleet/test-fleet.ts'
import { useSurroundings } from '../fleet/use-hive.ts'
import { runBees } from '../support/hive.ts'
import finance from './bees/finance/bee.ts'

/** One row an event; refuses for good while there is a row in fixture.broken. */
const sql = `
  create table fixture.broken (why text);
  alter table fixture.broken owner to bees_owner;
  create or replace function bee_tasks.finance__apply_stripe_event(input jsonb, call jsonb)
  returns jsonb language plpgsql as $$
  declare id bigint;
  begin
    if exists (select from fixture.broken) then raise exception 'broken' using errcode = '22000'; end if;
    insert into fixture.effects (task, payload) values ('apply', input) returning effects.id into id;
    return jsonb_build_object('row', id);
  end $$;`

const hexOf = (seed: Uint8Array | string): string =>
  typeof seed === 'string' ? seed : Buffer.from(seed).toString('hex')

/** A hive with the tests' finance bee, and everything that `bees dead` needs to reach it. */
export function useDeadHive() {
  const { around, startHive } = useSurroundings('all')
  const seed = hexOf(generateSeed())
  const key = new SigningKey(seed)
  let ledger: Ledger
  let submitter: Submitter
  beforeAll(async () => {
    await around().admin.query(sql)
    await startHive({ trustedKeys: [key.trusted()] }, [finance])
    ledger = testLedger(around())
    submitter = createSubmitter({
      client: around().client,
      colony,
      envelopeKey: key,
      bees: [finance],
      clock: systemClock,
    })
  })

  const ports = (): RedrivePorts => {
    const dead: DeadPorts = { colony, client: around().client, ledger, bees: [finance], trusted: [key.trusted()] }
    return { ...dead, submitter, key }
  }
  const event = (id: string, amount = 1) => ({ event: { id, amount, email: `canary-${id}@example.com` } })
  return {
    around,
    key,
    ports,
    event,
    /** As the webhook stores an event that can never be applied. */
    async bury(id: string, amount = 1) {
      const payload = event(id, amount)
      const letter = {
        source: 'stripe',
        id,
        code: 'BEE_TRANSACTION_REFUSED',
        payload_digest: digestOf(payload),
        payload,
      }
      await ledger.deadLetter(letter, { deadlineMs: systemClock.monotonicMs() + 5_000 })
    },
    /** Hands an event in the usual way and waits for its end. */
    async apply(id: string, amount = 1) {
      const { processId } = await submitter.submit({
        ...{ bee: 'finance', task: 'apply_stripe_event', input: event(id, amount) },
      })
      return submitter.waitFor(processId, { timeoutMs: 15_000 })
    },
    /** Nothing can be applied while `work` runs. */
    async whileBroken<Done>(work: () => Promise<Done>): Promise<Done> {
      await around().admin.query(`insert into fixture.broken values ('test')`)
      try {
        return await work()
      } finally {
        await around().admin.query('delete from fixture.broken')
      }
    },
    effectsOf: async (id: string) =>
      (await around().effects('apply')).filter((row) => (row as { event: { id: string } }).event.id === id).length,
    redriveRows: async () =>
      (await around().admin.query('select * from bees.redrives order by id')).rows as Record<string, string>[],
    bees: (...args: string[]) => runBees(['dead', ...args], { env: environment(around(), seed) }),
  }
}

function environment(around: Surroundings, seed: string): Record<string, string> {
  const { port } = new URL(around.brokerUrl)
  return {
    COLONIES_SERVER_HOST: '127.0.0.1',
    COLONIES_SERVER_PORT: port,
    COLONIES_COLONY_NAME: colony,
    COLONIES_PRVKEY: hexOf(around.memberKey),
    SUPABASE_URL: around.gateway.url,
    SUPABASE_SECRET_KEY: around.gateway.keys.service_role,
    BEES_RECEIPT_KEY: hexOf(generateSeed()),
    BEES_SUBMITTER_KEY: seed,
    BEES_DIR: new URL('bees', import.meta.url).pathname,
  }
}
