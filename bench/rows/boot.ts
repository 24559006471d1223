import { spawnSync } from 'node:child_process'
import type { Context } from '../context.ts'
import { startHive } from '../hive/start-hive.ts'
import { goal, type Line } from '../report/line.ts'
import { median, ms, range, seconds, timesOf } from '../report/statistics.ts'

const firstGoalMs = 5_000
const fleetGoalMs = 1_500

/** Settings of a local stack under which a second hive brings its fleet alone. */
const outsideNames = [
  'COLONIES_SERVER_HOST',
  'COLONIES_SERVER_PORT',
  'COLONIES_SERVER_TLS',
  'COLONIES_COLONY_PRVKEY',
  'COLONIES_PRVKEY',
  'SUPABASE_URL',
  'SUPABASE_SECRET_KEY',
  'STRIPE_WEBHOOK_SECRET',
  'BEES_RECEIPT_KEY',
  'BEES_SUBMITTER_KEY',
]

export const fleetAlone = (env: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(outsideNames.map((name) => [name, env[name] ?? '']))

/** From `bees start` to the first 200 of /readyz: with a new database, with an old one, and the fleet by itself. */
export async function boot({ quick, folder }: Context): Promise<readonly Line[]> {
  const nodeMs = Array.from({ length: 5 }, () => {
    const startMs = performance.now()
    spawnSync(process.execPath, ['-e', '0'])
    return performance.now() - startMs
  })
  const node = median(nodeMs)
  const firstMs: number[] = []
  const secondMs: number[] = []
  const fleetMs: number[] = []
  for (let round = 0; round < (quick ? 1 : 3); round += 1) {
    const data = await folder()
    // As after a fresh clone: nothing compiled is remembered either.
    const first = await startHive(data, { NODE_COMPILE_CACHE: await folder() })
    firstMs.push(first.bootMs)
    await first.stop()
    const second = await startHive(data)
    secondMs.push(second.bootMs)
    for (let start = 0; start < (quick ? 1 : 2); start += 1) {
      const alone = await startHive(await folder(), { ...fleetAlone(second.env), BEES_POLL_SECONDS: '1' })
      fleetMs.push(alone.bootMs)
      await alone.stop()
    }
    await second.stop()
  }
  const line = (what: string, values: readonly number[], goalText: string): Line => ({
    what,
    value: seconds(median(values)),
    spread: `${range(values.map((value) => value / 1000))}, ${values.length} ×`,
    goal: goalText,
    baseline: `node -e 0: ${ms(node)} (${range(nodeMs)})`,
    ratio: timesOf(median(values), node),
  })
  return [
    line('boot to ready, first time (new database)', firstMs, goal('< 5 s', median(firstMs) < firstGoalMs)),
    line('boot to ready, second time', secondMs, ''),
    line('boot to ready, fleet alone, four bees', fleetMs, goal('< 1.5 s', median(fleetMs) < fleetGoalMs)),
  ]
}
