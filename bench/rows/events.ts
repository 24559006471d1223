import { randomBytes } from 'node:crypto'
import { createClient as createSupabase } from '@supabase/supabase-js'
import pg from 'pg'
import Stripe from 'stripe'
import { normalise } from '../../bees/finance/normalise.ts'
import { snapshotEvent } from '../../bees/finance/stripe-event.ts'
import type { Context } from '../context.ts'
import { createClient, type HiveClient } from '../hive/client.ts'
import { inParallel } from '../hive/pace.ts'
import { type BenchEvent, stripeEvents } from '../hive/stripe-events.ts'
import type { Line } from '../report/line.ts'
import { median, number, range } from '../report/statistics.ts'

const senders = 8
const repeats = 3

/** Stripe events through webhook, broker, bee and Postgres, against the transaction alone and against no ledger at all. */
export async function events({ quick, hive }: Context): Promise<readonly Line[]> {
  const { url, env } = await hive()
  const count = quick ? 60 : 300
  const client = createClient(env)
  const pool = new pg.Pool({ connectionString: env['DATABASE_URL'], max: senders })
  try {
    await pool.query(plainTables)
    await whole(client, url, env, stripeEvents(40))
    const rates = { whole: [] as number[], bare: [] as number[], plain: [] as number[] }
    for (let round = 0; round < repeats; round += 1) {
      rates.whole.push(await whole(client, url, env, stripeEvents(count)))
      rates.bare.push(await bare(env, stripeEvents(count)))
      rates.plain.push(await plain(pool, stripeEvents(count)))
    }
    const value = median(rates.whole)
    const line = (what: string, baseline: string, other: readonly number[]): Line => ({
      what,
      value: number(value),
      spread: `${range(rates.whole)}, ${repeats} × ${count}`,
      goal: '',
      baseline: `${baseline}: ${number(median(other))} (${range(other)})`,
      ratio: `${number((value / median(other)) * 100)} %`,
    })
    return [
      line(
        'events/s, webhook → broker → bee → Postgres → closed',
        'the same events as bare bee_execute calls/s over the same gateway',
        rates.bare,
      ),
      line(
        `the same against plain handlers, ${senders} connections`,
        'upserts/s of the same events by pg, no ledger, no order, fsync on',
        rates.plain,
      ),
    ]
  } finally {
    client.close()
    await pool.end()
  }
}

/** @returns events a second from the first POST to the last close */
async function whole(
  client: HiveClient,
  url: string,
  env: Readonly<Record<string, string>>,
  sent: readonly BenchEvent[],
): Promise<number> {
  const secret = (env['STRIPE_WEBHOOK_SECRET'] ?? '').split(',')[0] ?? ''
  const before = await client.done()
  return await perSecond(sent, async () => {
    await inParallel(sent.length, senders, async (index) => {
      const payload = JSON.stringify(sent[index])
      const header = Stripe.webhooks.generateTestHeaderString({ payload, secret })
      const headers = { 'content-type': 'application/json', 'stripe-signature': header }
      const response = await fetch(`${url}/webhooks/stripe`, { method: 'POST', body: payload, headers })
      await response.arrayBuffer()
      if (response.status !== 200) throw new Error(`the webhook answered ${response.status}`)
    })
    await client.untilDone(before + sent.length)
  })
}

/** The task's transaction with what the bee hands it, and nothing around it. @returns calls a second */
async function bare(env: Readonly<Record<string, string>>, sent: readonly BenchEvent[]): Promise<number> {
  const supabase = createSupabase(env['SUPABASE_URL'] ?? '', env['SUPABASE_SECRET_KEY'] ?? '', {
    auth: { persistSession: false, autoRefreshToken: false },
  })
  const hex = (): string => randomBytes(32).toString('hex')
  const executor = hex()
  return await perSecond(sent, () =>
    inParallel(sent.length, senders, async (index) => {
      const event = sent[index]
      const call = {
        ...{ v: 1, op: 'execute', colony: 'dev', process: hex(), executor, bee: 'finance', task: 'apply_stripe_event' },
        ...{ step: 1, key: `self:false:${event?.id}`, input_digest: hex(), schema_hash: hex(), nonce: null },
        fence: { retries: 0, starttime: new Date().toISOString() },
        payload: { ...normalise(snapshotEvent.parse(event)), reads: [], park: false },
      }
      const { data, error } = await supabase.rpc('bee_execute', { call })
      if (error !== null || data?.outcome !== 'applied')
        throw new Error(`bee_execute: ${error?.message ?? data?.outcome}`)
    }),
  )
}

const plainTables = `
  create schema if not exists bench authorization bees_owner;
  create table if not exists bench.plain_invoices (
    id text primary key, customer text, status text, currency text, amount_due bigint, amount_paid bigint, paid_at bigint,
    updated_at timestamptz not null default now()
  );
  create table if not exists bench.plain_subscriptions (
    id text primary key, customer text, status text, currency text, items jsonb, updated_at timestamptz not null default now()
  );`

/** As most apps do it: the object's row is overwritten with what the event says. @returns events a second */
async function plain(pool: pg.Pool, sent: readonly BenchEvent[]): Promise<number> {
  await Promise.all(Array.from({ length: senders }, () => pool.query('select 1')))
  return await perSecond(sent, () =>
    inParallel(sent.length, senders, async (index) => {
      const object = sent[index]?.data.object ?? {}
      const column = (name: string): unknown => object[name] ?? null
      if (object['object'] === 'invoice') {
        await pool.query(
          `insert into bench.plain_invoices (id, customer, status, currency, amount_due, amount_paid)
           values ($1, $2, $3, $4, $5, $6)
           on conflict (id) do update set status = excluded.status, amount_due = excluded.amount_due,
             amount_paid = excluded.amount_paid, updated_at = now()`,
          ['id', 'customer', 'status', 'currency', 'amount_due', 'amount_paid'].map(column),
        )
      } else {
        await pool.query(
          `insert into bench.plain_subscriptions (id, customer, status, currency, items) values ($1, $2, $3, $4, $5)
           on conflict (id) do update set status = excluded.status, items = excluded.items, updated_at = now()`,
          [...['id', 'customer', 'status', 'currency'].map(column), JSON.stringify(column('items'))],
        )
      }
    }),
  )
}

async function perSecond(sent: readonly BenchEvent[], work: () => Promise<unknown>): Promise<number> {
  const beganMs = performance.now()
  await work()
  return (sent.length / (performance.now() - beganMs)) * 1000
}
