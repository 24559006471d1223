import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { normalise } from '../../bees/finance/normalise.ts'
import { snapshotEvent } from '../../bees/finance/stripe-event.ts'
import { ownPostgres } from '../../test/support/own-postgres.ts'
import type { Context } from '../context.ts'
import { type BenchEvent, stripeEvents } from '../hive/stripe-events.ts'
import type { Line } from '../report/line.ts'
import { median, ms, number, range } from '../report/statistics.ts'

const repeats = 5

/** The same rows and the same entitlement, by whoever comes last: no locks on objects, no tickets, nothing to compare. */
const unguarded = `
  create schema if not exists bench;
  create function bee_tasks.finance__unguarded(input jsonb, call jsonb) returns jsonb language plpgsql
  set search_path = pg_catalog, pg_temp as $$
  declare
    head constant jsonb := input -> 'head';
    told constant jsonb := input #> '{facts,0}';
    v_account constant text := head ->> 'account';
    v_livemode constant boolean := head -> 'livemode';
    v_user text;
    v_entitlement jsonb;
  begin
    perform bees.lock_subject('finance', v_account, v_livemode::text, told ->> 'customer');
    perform finance.store(
      told ->> 'kind',
      (told -> 'fact') || jsonb_build_object(
        'account', v_account, 'livemode', v_livemode, 'customer', told -> 'customer', 'last_event', head -> 'event',
        'changed_at', head -> 'created_at'
      ),
      '-infinity', (head ->> 'created_at')::timestamptz
    );
    v_user := finance.user_of(v_account, v_livemode, told ->> 'customer');
    if v_user is not null then
      v_entitlement := finance.recompute(v_account, v_livemode, v_user);
    end if;
    return jsonb_build_object(
      'decision', 'done',
      'outcome', finance.close_event(head, call, told ->> 'customer', 'applied', null, 0, v_entitlement),
      'changed', true
    );
  end $$;
  call bees.seal('bee_tasks');`

/** What it costs to know which of two events is the newer one, in the database alone: one connection, nothing on disk. */
export async function guard({ quick }: Context): Promise<readonly Line[]> {
  const postgres = await ownPostgres()
  const client = new pg.Client({ connectionString: await postgres.database() })
  try {
    await client.connect()
    await client.query(unguarded)
    const count = quick ? 100 : 600
    await apply(client, 'apply_stripe_event', stripeEvents(60))
    await apply(client, 'unguarded', stripeEvents(60))
    const guarded: number[] = []
    const bare: number[] = []
    for (let round = 0; round < repeats; round += 1) {
      guarded.push(await apply(client, 'apply_stripe_event', stripeEvents(count)))
      bare.push(await apply(client, 'unguarded', stripeEvents(count)))
    }
    const [value, baseline] = [median(guarded), median(bare)]
    return [
      {
        what: 'one event in the database, guard and tickets included',
        value: ms(value),
        spread: `${range(guarded)}, ${repeats} × ${count}`,
        goal: '',
        baseline: `the same rows without them: ${ms(baseline)} (${range(bare)})`,
        ratio: `${number(value - baseline)} ms, ${number((value / baseline - 1) * 100)} % more`,
      },
    ]
  } finally {
    await client.end()
    await postgres.stop()
  }
}

/** @returns milliseconds an event */
async function apply(client: pg.Client, task: string, events: readonly BenchEvent[]): Promise<number> {
  const hex = (): string => randomBytes(32).toString('hex')
  const calls = events.map((event) =>
    JSON.stringify({
      ...{ v: 1, op: 'execute', colony: 'bench', process: hex(), executor: 'direct', bee: 'finance', task },
      ...{ step: 1, key: `self:false:${event.id}`, input_digest: hex(), schema_hash: hex(), nonce: null },
      fence: { retries: 0, starttime: '2026-01-01T00:00:00Z' },
      payload: { ...normalise(snapshotEvent.parse(event)), reads: [], park: false },
    }),
  )
  const beganMs = performance.now()
  for (const call of calls) {
    const { rows } = await client.query({
      name: 'bee_execute',
      text: 'select public.bee_execute($1) as reply',
      values: [call],
    })
    if (rows[0]?.reply?.outcome !== 'applied') throw new Error(`bee_execute: ${JSON.stringify(rows[0]?.reply)}`)
  }
  return (performance.now() - beganMs) / events.length
}
