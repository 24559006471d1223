import { randomBytes } from 'node:crypto'
import { createClient as createSupabase } from '@supabase/supabase-js'
import pg from 'pg'
import type { Context } from '../context.ts'
import { createClient, type HiveClient } from '../hive/client.ts'
import { atRate, inParallel } from '../hive/pace.ts'
import type { Line } from '../report/line.ts'
import { median, ms, number, percentile, range } from '../report/statistics.ts'
import { workerInput } from '../worker-input.ts'

const submitters = 8
const repeats = 3

/** Whole tasks through broker, gateway and Postgres of the local stack; all of it shares this machine. */
export async function endToEnd({ quick, hive }: Context): Promise<readonly Line[]> {
  const { env } = await hive()
  const client = createClient(env)
  try {
    const tasks = quick ? 60 : 300
    await burst(client, quick ? 20 : 60)
    const rates: number[] = []
    for (let round = 0; round < repeats; round += 1) rates.push(await burst(client, tasks))
    const rate = median(rates)
    const latencies = await paced(client, tasks, rate / 2)
    const callRates: number[] = []
    const transactionRates: number[] = []
    for (let round = 0; round < repeats; round += 1) {
      callRates.push(await bareCalls(env, tasks))
      transactionRates.push(await plainTransactions(env, tasks))
    }
    const [calls, transactions] = [median(callRates), median(transactionRates)]
    const p50 = percentile(latencies, 0.5)
    const share = (baseline: number): string => `${number((rate / baseline) * 100)} %`
    return [
      {
        what: 'end to end, tasks/s (submit, assign, transact, receipt, close)',
        value: number(rate),
        spread: `${range(rates)}, ${repeats} × ${tasks}`,
        goal: '',
        baseline: `bare bee_execute calls/s over the same gateway: ${number(calls)} (${range(callRates)})`,
        ratio: share(calls),
      },
      {
        what: `the same against Postgres itself, ${submitters} connections`,
        value: number(rate),
        spread: range(rates),
        goal: '',
        baseline: `plain transactions/s by pg, fsync on: ${number(transactions)} (${range(transactionRates)})`,
        ratio: share(transactions),
      },
      {
        what: `submit → closed at half that rate, p50`,
        value: ms(p50),
        spread: `${range(latencies)}, ${latencies.length} tasks`,
        goal: '',
        baseline: `one bare bee_execute at ${submitters} in flight: ${ms((submitters / calls) * 1000)}`,
        ratio: `${number(p50 / ((submitters / calls) * 1000))}×`,
      },
      {
        what: `submit → closed at half that rate, p99`,
        value: ms(percentile(latencies, 0.99)),
        spread: `p90 ${ms(percentile(latencies, 0.9))}`,
        goal: '',
        baseline: `its own p50: ${ms(p50)}`,
        ratio: `${number(percentile(latencies, 0.99) / p50)}×`,
      },
    ]
  } finally {
    client.close()
  }
}

/** Everything at once. @returns tasks a second from the first submit to the last close, by the broker's clock */
async function burst(client: HiveClient, tasks: number): Promise<number> {
  const before = await client.done()
  const ids = await inParallel(tasks, submitters, () => client.submit())
  await client.untilDone(before + tasks)
  const times = await client.times(new Set(ids))
  const beganMs = Math.min(...times.map(({ submittedMs }) => submittedMs))
  const endedMs = Math.max(...times.map(({ closedMs }) => closedMs))
  return (times.length / (endedMs - beganMs)) * 1000
}

/** A steady stream. @returns from submit to close, ms, one a task, by the broker's clock */
async function paced(client: HiveClient, tasks: number, perSecond: number): Promise<readonly number[]> {
  const before = await client.done()
  const ids = await atRate(tasks, perSecond, () => client.submit())
  await client.untilDone(before + tasks)
  const times = await client.times(new Set(ids))
  return times.map(({ submittedMs, closedMs }) => closedMs - submittedMs)
}

/** The transaction of a task and nothing around it. @returns calls a second */
async function bareCalls(env: Readonly<Record<string, string>>, calls: number): Promise<number> {
  const supabase = createSupabase(env['SUPABASE_URL'] ?? '', env['SUPABASE_SECRET_KEY'] ?? '', {
    auth: { persistSession: false, autoRefreshToken: false },
  })
  const hex = (): string => randomBytes(32).toString('hex')
  const executor = hex()
  const one = async (): Promise<void> => {
    const process = hex()
    const call = {
      v: 1,
      op: 'execute',
      colony: 'dev',
      process,
      executor,
      fence: { retries: 0, starttime: new Date().toISOString() },
      bee: 'worker',
      task: 'write',
      step: 1,
      key: process,
      input_digest: hex(),
      schema_hash: hex(),
      nonce: null,
      payload: workerInput(process),
    }
    const { data, error } = await supabase.rpc('bee_execute', { call })
    if (error !== null || data?.outcome !== 'applied')
      throw new Error(`bee_execute: ${error?.message ?? data?.outcome}`)
  }
  return ratePerSecond(calls, one)
}

/** The least that a durable effect can cost here. @returns transactions a second */
async function plainTransactions(env: Readonly<Record<string, string>>, transactions: number): Promise<number> {
  const pool = new pg.Pool({ connectionString: env['DATABASE_URL'], max: submitters })
  try {
    const input = JSON.stringify(workerInput('plain'))
    await Promise.all(Array.from({ length: submitters }, () => pool.query('select 1')))
    return await ratePerSecond(transactions, async () => {
      await pool.query('insert into bench.effects (payload) values ($1)', [input])
    })
  } finally {
    await pool.end()
  }
}

async function ratePerSecond(times: number, work: () => Promise<void>): Promise<number> {
  const startMs = performance.now()
  await inParallel(times, submitters, work)
  return (times / (performance.now() - startMs)) * 1000
}
