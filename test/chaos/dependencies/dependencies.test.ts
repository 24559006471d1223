import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generatePrivateKey, identityOf } from '../../../src/colonies/index.ts'
import type { FaultKind as BrokerFaultKind } from '../../../src/local/colonies/faults.ts'
import type { FaultKind as GatewayFaultKind } from '../../../src/local/gateway/faults.ts'
import { createDatabase, type SeededRandom, seededRandom, type TestDatabase, until } from '../../support/index.ts'
import type { ExecutorProcess } from '../crash-matrix/executor-process.ts'
import { createProxy } from '../crash-matrix/proxy.ts'
import {
  type CrashColonies,
  type CrashColony,
  type CrashSite,
  openColonies,
  openCrashSite,
} from '../crash-matrix/site.ts'
import { liveMix, type MixReport, mixLine, type Progress } from './live-mix.ts'
import { mortalBroker, mortalGateway, mortalPostgres } from './servers.ts'

const lines: string[] = []
afterAll(() => console.info(`dependencies:\n${lines.join('\n')}`))

/** Two executors with a breaker that opens as it does outside of tests. */
async function twoExecutors(colony: CrashColony): Promise<readonly ExecutorProcess[]> {
  const executors = await Promise.all([1, 2].map(() => colony.load({ breakerFailures: 5 })))
  await Promise.all(executors.map((executor) => executor.start()))
  return executors
}

interface Scenario {
  readonly name: string
  readonly site: CrashColonies
  readonly random: SeededRandom
  readonly tasks?: number
  readonly deadlineMs?: number
}

let colonies = 0

/** Runs a mix through trouble and holds it to the invariants. */
async function endures(scenario: Scenario, trouble: (progress: Progress) => Promise<void>): Promise<MixReport> {
  colonies += 1
  const colony = await scenario.site.colony(`dependencies-${colonies}`)
  const executors = await twoExecutors(colony)
  try {
    const report = await liveMix({ ...scenario, colony }, trouble)
    lines.push(mixLine(scenario.name, report))
    expect(report.problems).toEqual([])
    expect(report.effects).toBe(report.rows)
    return report
  } finally {
    await Promise.all(executors.map((executor) => executor.close()))
  }
}

describe('the database, under a live mix of tasks', () => {
  it.each(['fast', 'immediate'] as const)(
    'is restarted twice in flight (%s shutdown)',
    { timeout: 120_000 },
    async (how) => {
      const random = seededRandom()
      const postgres = await mortalPostgres()
      const site = await openCrashSite(postgres.databaseUrl)
      try {
        await endures({ name: `Postgres restarted twice, ${how}`, site, random }, async ({ done }) => {
          for (const at of [random.integer(5, 40), random.integer(60, 90)]) {
            await done(at)
            await postgres.restart(how)
          }
        })
      } finally {
        await site.close()
        await postgres.close()
      }
    },
  )

  describe('with a gateway of its own', () => {
    let database: TestDatabase
    let site: CrashSite
    beforeAll(async () => {
      database = await createDatabase()
      site = await openCrashSite(database.url)
    })
    afterAll(async () => {
      await site?.close()
      await database?.drop()
    })

    it('ends the session in 30 % of the transactions, in their statement or in their commit', {
      timeout: 90_000,
    }, async () => {
      const random = seededRandom()
      await site.admin.query('update crash.trouble set die_percent = 30, seed = $1', [random.integer(0, 1_000_000)])
      const scenario = { name: 'sessions ended in 30 % of the transactions', site, random, tasks: 160 }
      await endures(scenario, async ({ done }) => done(120))
      const { rows } = await site.admin.query('select last_value::int as calls from crash.calls')
      await site.admin.query('update crash.trouble set die_percent = 0')
      // Each effect takes two draws, so there were more draws than two an effect only because sessions ended.
      expect((rows[0] as { calls: number }).calls).toBeGreaterThan(2 * 160)
    })

    it('has its sessions ended from outside, whatever they do', { timeout: 90_000 }, async () => {
      const random = seededRandom()
      let ended = 0
      await endures({ name: 'sessions ended from outside', site, random }, async ({ done }) => {
        for (let at = 4; at < 100; at += random.integer(4, 8)) {
          await done(at)
          const { rows } = await site.admin.query(
            `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'colony-bees-gateway'
               and datname = current_database() and ($1 or state <> 'idle')`,
            [random.boolean()],
          )
          ended += rows.length
        }
      })
      expect(ended).toBeGreaterThan(5)
    })

    it('loses, cuts, delays and stalls answers', { timeout: 90_000 }, async () => {
      const random = seededRandom()
      const kinds: readonly GatewayFaultKind[] = [
        'stall_body',
        'delay_after_commit',
        'delay_before_commit',
        'drop_reply_after_commit',
        'reset_before_commit',
        'empty_404',
        'html_502',
        'unavailable_503',
        'not_json_200',
      ]
      const before = site.gateway.faults.struck()
      await endures(
        { name: 'gateway stalled in its headers and its body, and worse', site, random },
        async ({ done }) => {
          // Each is awaited before the next: on a quick machine the tasks would be over before the faults are.
          for (let at = 0; at < 80; at += 4) {
            await done(at)
            const kind = random.pick(kinds)
            const struck = site.gateway.faults.struck()
            site.gateway.faults.add({ kind, times: 2, delayMs: 800, retryAfterSeconds: 0 })
            const strikes = until(() => site.gateway.faults.struck() > struck, { timeoutMs: 60_000 })
            await Promise.race([strikes.catch(() => undefined), done(100)])
          }
        },
      )
      site.gateway.faults.clear()
      expect(site.gateway.faults.struck() - before).toBeGreaterThan(10)
    })

    it('is away for one executor of two: that one stops polling, the other does the work', {
      timeout: 90_000,
    }, async () => {
      const random = seededRandom()
      colonies += 1
      const colony = await site.colony(`dependencies-${colonies}`)
      const proxy = await createProxy({ brokerUrl: site.broker.url, gatewayUrl: site.gateway.url })
      const cutOff = await colony.load({ proxy, breakerFailures: 3 })
      const healthy = await colony.load({ breakerFailures: 3 })
      const { executor: lame } = await cutOff.start()
      const mend = proxy.cutDatabase()
      // The first tasks open its breaker; with nobody else there, nothing ends.
      const first = await Promise.all(
        [1, 2, 3].map((n) => colony.submit('single', { note: `${colony.name} first ${n}` }, 2_000)),
      )
      await cutOff.heard('state', ({ state }) => state === 'suspended')
      const { executor: sound } = await healthy.start()
      const taken = async () => {
        const { rows } = await site.admin.query(
          'select executor, count(*)::int as n from bees.receipts where colony = $1 group by 1',
          [colony.name],
        )
        return new Map((rows as { executor: string; n: number }[]).map(({ executor, n }) => [executor, n]))
      }
      const report = await liveMix({ colony, site, random, tasks: 60, deadlineMs: 2_000 }, async ({ done }) => {
        await done(60)
        // They are of the same colony, which is looked at as soon as this is over.
        await colony.ended(first)
      })
      const during = await taken()
      expect(during.get(lame)).toBeUndefined()
      expect(during.get(sound)).toBeGreaterThanOrEqual(60)
      // Mended, it comes back: with the other one gone, it does the rest.
      mend()
      await healthy.close()
      const last = await Promise.all(
        [1, 2, 3].map((n) => colony.submit('single', { note: `${colony.name} last ${n}` }, 2_000)),
      )
      await colony.ended(last)
      expect((await taken()).get(lame)).toBeGreaterThan(0)
      lines.push(mixLine('database away for one of two executors', report))
      expect([...report.problems, ...(await colony.check())]).toEqual([])
      await cutOff.close()
      await proxy.close()
    })

    it('the broker hangs while /health is well', { timeout: 90_000 }, async () => {
      const random = seededRandom()
      const healths: number[] = []
      await endures(
        { name: 'broker hung with a healthy /health', site, random, deadlineMs: 3_000 },
        async ({ done }) => {
          const hangs = ['assignprocessmsg', 'closesuccessfulmsg', 'getprocesshistmsg', 'submitfuncspecmsg'] as const
          for (const at of [10, 50]) {
            await done(at)
            for (const msgtype of hangs)
              site.broker.faults.inject({ kind: 'hang', msgtype, times: msgtype === 'assignprocessmsg' ? 1 : 2 })
            healths.push((await fetch(`${site.broker.url}/health`)).status)
          }
          await until(() => site.broker.faults.pending().every(({ msgtype }) => msgtype !== 'closesuccessfulmsg'), {
            timeoutMs: 20_000,
          })
          site.broker.faults.clear()
        },
      )
      expect(new Set(healths)).toEqual(new Set([200]))
    })

    it('the broker answers 200 with an error inside, loses assignments, counts double, wakes nobody', {
      timeout: 90_000,
    }, async () => {
      const random = seededRandom()
      const kinds: readonly BrokerFaultKind[] = [
        'http200_error',
        'lose_assign_reply',
        'lose_reply',
        'empty_404',
        'empty_200',
        'empty_500',
        'reset',
        'stall',
        'delay',
        'missed_wakeup',
        'unregister_executor',
        'requeue_running',
      ]
      const ofNoCall = new Set<BrokerFaultKind>(['unregister_executor', 'requeue_running', 'missed_wakeup'])
      // A submitter is told of an empty 200, which means forbidden; its calls are left out of it.
      const msgtypes = ['assignprocessmsg', 'closesuccessfulmsg', 'getprocesshistmsg', 'getprocessmsg'] as const
      const report = await endures(
        { name: 'broker with every fault that it has', site, random, deadlineMs: 3_000 },
        async ({ done }) => {
          for (let at = 0; at < 110; at += 2) {
            await done(at)
            const kind = random.pick(kinds)
            const msgtype = ofNoCall.has(kind) ? undefined : random.pick(msgtypes)
            site.broker.faults.inject({ kind, delayMs: 300, ...(msgtype === undefined ? {} : { msgtype }) })
            site.broker.faults.inject({ kind: 'extra_retries', retries: 1 })
          }
          site.broker.faults.clear()
        },
      )
      expect(report.requeues).toBeGreaterThan(0)
    })
  })

  it('has too few connections for its callers', { timeout: 90_000 }, async () => {
    const random = seededRandom()
    await using database = await createDatabase()
    const site = await openCrashSite(database.url, { gateway: { poolSize: 2, poolTimeoutMs: 60 } })
    try {
      await site.admin.query('update crash.trouble set slow_seconds = 0.02')
      await endures(
        { name: 'pool of two connections, slow transactions', site, random, tasks: 100 },
        async ({ done }) => done(100),
      )
    } finally {
      await site.close()
    }
  })
})

describe('a server that is killed and comes back, under a live mix of tasks', () => {
  it.each(['gateway', 'broker'] as const)('%s', { timeout: 120_000 }, async (which) => {
    const random = seededRandom()
    await using database = await createDatabase()
    const serverKey = generatePrivateKey()
    const broker = await mortalBroker(database.url, identityOf(serverKey))
    const gateway = await mortalGateway(database.url)
    const site = await openColonies({
      databaseUrl: database.url,
      serverKey,
      brokerUrl: broker.url,
      gatewayUrl: gateway.url,
    })
    try {
      await endures({ name: `${which} killed twice`, site, random }, async ({ done }) => {
        for (const at of [random.integer(2, 25), random.integer(40, 70)]) {
          await done(at)
          await (which === 'broker' ? broker : gateway).restart()
        }
      })
    } finally {
      await site.close()
      await Promise.all([broker.close(), gateway.close()])
    }
  })
})
