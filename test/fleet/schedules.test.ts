import { beforeEach, describe, expect, it } from 'vitest'
import { z } from '../../src/bee/index.ts'
import { type Cron, generatePrivateKey, identityOf, type Process } from '../../src/colonies/index.ts'
import { generateSeed, SigningKey, signEnvelope, verifyEnvelope } from '../../src/trust/index.ts'
import { until } from '../support/index.ts'
import { ahead, clientOf, clockwork, clockworkSql, testSchedules } from './clockwork.ts'
import { colony } from './test-fleet.ts'
import { useSurroundings } from './use-hive.ts'

const dayMs = 86_400_000
const { around, startHive } = useSurroundings('each')
const bee = clockwork()

beforeEach(async () => {
  await around().admin.query(clockworkSql)
})

const crons = () => around().client.getCrons(colony)
const theCron = async (): Promise<Cron> => {
  const [cron, ...more] = await crons()
  if (cron === undefined || more.length > 0) throw new Error('expected one cron')
  return cron
}
const nodeOf = (cron: Cron) => JSON.parse(cron.workflowspec).functionspecs[0]
/** The processes of the schedule that have ended, latest first. */
const ended = (state: 2 | 3 = 2): Promise<Process[]> =>
  around().client.getProcesses(colony, 100, state, { executorType: 'clockwork-bee' })
const runAgain = async (times: number): Promise<void> => {
  await around().client.runCron((await theCron()).cronid)
  await until(async () => (await ended()).length + (await ended(3)).length === times, { what: `run ${times}` })
}

describe('a schedule', () => {
  it('is a cron with a standing order, which begins with a run', async () => {
    await startHive({}, [bee])
    const schedules = testSchedules(around(), bee)
    schedules.start()
    await until(async () => (await ended()).length === 1, { what: 'the first run' })
    const cron = await theCron()
    expect(cron).toMatchObject({ name: 'clockwork/tick', interval: 86_400, waitforprevprocessgraph: true })
    const node = nodeOf(cron)
    expect(node).toMatchObject({
      funcname: 'tick',
      maxexectime: 20,
      maxretries: 5,
      maxwaittime: -1,
      kwargs: { input: { note: 'tick' } },
    })
    const subject = { colony, bee: 'clockwork', task: 'tick', input: { note: 'tick' } }
    const trusted = [around().envelopeKey.trusted()]
    const { claims } = verifyEnvelope(node.kwargs.envelope, { ...subject, trusted, nowMs: Date.now() })
    expect(claims).toMatchObject({ every: 86_400, exp: claims.iat + 90 * 86_400 })
    expect(await around().effects('tick')).toEqual([{ note: 'tick' }])
    expect(schedules.status()).toMatchObject([{ name: 'clockwork/tick', everyS: 86_400, state: 'kept', problem: null }])
    expect(schedules.kept.get('clockwork/tick')).toBe(true)
    await schedules.stop()
    expect(await crons()).toHaveLength(1)
  })

  it('has one run in a slot: what comes twice ends well, is not told as a failure and changes nothing', async () => {
    const { metrics } = await startHive({}, [bee])
    await testSchedules(around(), bee).look()
    await until(async () => (await ended()).length === 1, { what: 'the first run' })
    await runAgain(2)
    // A renewed order is no second chance.
    await around().client.removeCron((await theCron()).cronid)
    await testSchedules(around(), bee).look()
    await until(async () => (await ended()).length === 3, { what: 'the run of the renewed order' })
    expect(await ended(3)).toEqual([])
    expect(await around().effects('tick')).toHaveLength(1)
    const [last] = await ended()
    expect(last?.out[0]).toMatchObject({ result: { skipped: 'BEE_ENVELOPE_REPLAYED' }, receipt: expect.any(String) })
    expect(await around().ledgerRows(last?.processid ?? '')).toBe(0)
    const text = await metrics.render()
    expect(text).toContain('outcome="replayed"} 2')
    expect(text).not.toContain('outcome="failed"')
  })

  it('is set up once, however many hives begin together', async () => {
    await startHive({}, [bee])
    const hives = Array.from({ length: 8 }, () => testSchedules(around(), bee))
    const all = await Promise.all(hives.map((hive) => hive.look()))
    expect(all.flat().map(({ state }) => state)).toEqual(Array(8).fill('kept'))
    const { cronid } = await theCron()
    await Promise.all(hives.map((hive) => hive.look()))
    expect((await theCron()).cronid).toBe(cronid)
    await until(async () => (await ended()).length > 0, { what: 'the first run' })
    expect(await around().effects('tick')).toHaveLength(1)
  })

  it('runs again and again, once a slot', async () => {
    // A slot of a second is no schedule that a bee can ask for; the order behind it may be that short.
    const quick = clockwork({ everyS: 86_400 })
    const tick = quick.tasks.get('tick')
    if (tick === undefined) throw new Error('expected the task')
    const schedule = { everyS: 1, input: { note: 'quick' } }
    const bees = { ...quick, tasks: new Map([['tick', { ...tick, schedule }]]) }
    await startHive({}, [quick])
    const beganS = Math.floor(Date.now() / 1000)
    await testSchedules(around(), bees).look()
    await until(async () => (await around().effects('tick')).length >= 3, { timeoutMs: 20_000, what: 'three runs' })
    const runs = (await around().effects('tick')).length
    expect(runs).toBeLessThanOrEqual(Math.floor(Date.now() / 1000) - beganS + 1)
    expect(await ended(3)).toEqual([])
  })
})

describe('a schedule is set up anew', () => {
  const look = (changed = bee, changes: Parameters<typeof testSchedules>[2] = {}) =>
    testSchedules(around(), changed, changes).look()

  it('not when nothing has changed', async () => {
    await look()
    const before = await theCron()
    await look()
    await look(bee, { clock: ahead(59 * dayMs) })
    expect((await theCron()).cronid).toBe(before.cronid)
  })

  const other = new SigningKey(generateSeed())
  it.each([
    ['before its order ends', bee, { clock: ahead(61 * dayMs) }],
    ['when its interval changed', clockwork({ everyS: 3600 }), {}],
    ['when its input changed', clockwork({ note: 'other' }), {}],
    ['when a limit changed', clockwork({ deadlineMs: 30_000 }), {}],
    ['when its schema changed', clockwork({ more: { why: z.string().optional() } }), {}],
    ['when its key is not trusted any more', bee, { envelopeKey: other, trustedKeys: [other.trusted()] }],
  ])('%s', async (_, changed, changes) => {
    await look()
    const before = await theCron()
    expect(await look(changed, changes)).toMatchObject([{ state: 'kept' }])
    const after = await theCron()
    expect(after.cronid).not.toBe(before.cronid)
    await look(changed, changes)
    expect((await theCron()).cronid).toBe(after.cronid)
  })

  it('when somebody put another order into it', async () => {
    await look()
    const { cronid, workflowspec, ...before } = await theCron()
    const spec = JSON.parse(workflowspec)
    const subject = { colony, bee: 'clockwork', task: 'tick', input: { note: 'tick' } }
    const stranger = new SigningKey(generateSeed())
    const forgery = signEnvelope(subject, stranger, { nowMs: Date.now(), everyS: 1 })
    spec.functionspecs[0].kwargs.envelope = forgery
    await around().client.removeCron(cronid)
    const { cronid: forged } = await around().client.addCron({
      ...{ colonyname: colony, name: before.name, interval: before.interval, waitforprevprocessgraph: true },
      workflowspec: JSON.stringify(spec),
    })
    const { lines, look: again } = testSchedules(around(), bee)
    await again()
    expect((await theCron()).cronid).not.toBe(forged)
    expect(lines.join()).toContain('its order is refused (BEE_ENVELOPE_UNTRUSTED)')
  })

  it('when the broker does not run it any more, and not while a run of it waits', async () => {
    const hive = testSchedules(around(), bee, { clock: ahead(3 * dayMs) })
    await hive.look()
    const { cronid, prevprocessgraphid } = await theCron()
    await until(async () => (await theCron()).nextrun !== null, { what: 'the time of the next run' })
    // Nobody takes it: the run waits, and that is what holds the next.
    await hive.look()
    await hive.look()
    expect((await theCron()).cronid).toBe(cronid)
    const graph = (await theCron()).prevprocessgraphid
    expect(graph).not.toBe(prevprocessgraphid === '' ? graph : '')
    // The server takes a cancelled run for one that goes on for ever.
    await around().client.cancelProcessGraph(graph)
    await hive.look()
    expect((await theCron()).cronid).not.toBe(cronid)
    expect(hive.lines.join()).toContain('the broker does not run it')
  })
})

describe('schedules that are no more', () => {
  it('are removed, those of others are left alone', async () => {
    await testSchedules(around(), bee).look()
    const spec = nodeOf(await theCron())
    const workflowspec = { colonyname: colony, functionspecs: [{ ...spec, label: 'by hand' }] }
    for (const name of ['clockwork/mine', 'other/tick']) {
      await around().client.addCron({ colonyname: colony, name, interval: 3600, workflowspec })
    }
    // A hive's own, but of a bee that is not here.
    const foreign = { ...spec, conditions: { ...spec.conditions, executortype: 'other-bee' } }
    const others = { colonyname: colony, functionspecs: [foreign] }
    await around().client.addCron({ colonyname: colony, name: 'other/tack', interval: 3600, workflowspec: others })
    const { lines, look } = testSchedules(around(), clockwork({ scheduled: false }))
    expect(await look()).toEqual([])
    expect((await crons()).map(({ name }) => name).sort()).toEqual(['clockwork/mine', 'other/tack', 'other/tick'])
    expect(lines.join()).toContain('its task has none any more')
  })
})

describe('trouble with the broker', () => {
  it('does not end the hive: it goes on trying, and says what is wrong', async () => {
    await around().stopBroker()
    const schedules = testSchedules(around(), bee, { random: () => 0.05 })
    schedules.start()
    await until(() => schedules.status()[0]?.problem === 'BEE_BROKER_UNAVAILABLE', { what: 'the problem' })
    expect(schedules.status()).toMatchObject([{ state: 'not kept' }])
    expect(schedules.kept.get('clockwork/tick')).toBe(false)
    await around().restartBroker()
    await until(() => schedules.status()[0]?.state === 'kept', { timeoutMs: 15_000, what: 'the schedule' })
    await schedules.stop()
  })

  it('is told when the key is no member of the colony', async () => {
    const client = clientOf(around().brokerUrl, generatePrivateKey())
    const { look, lines } = testSchedules(around(), bee, { client })
    expect(await look()).toMatchObject([{ state: 'not kept', problem: 'BEE_BROKER_REFUSED' }])
    expect(lines.join()).toContain('BEE_BROKER_REFUSED')
    expect(await crons()).toEqual([])
  })

  it('does not hold up the end: a call under way is cut', async () => {
    const client = clientOf(around().brokerUrl, around().memberKey)
    const asked = Promise.withResolvers<void>()
    const hanging = Object.assign(Object.create(client), {
      getCrons: (_colony: string, _count: number, { signal }: { signal: AbortSignal }) => {
        asked.resolve()
        return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      },
    })
    const schedules = testSchedules(around(), bee, { client: hanging })
    schedules.start()
    await asked.promise
    await schedules.stop()
    // Nobody is alarmed by what we have cut ourselves.
    expect(schedules.lines).toEqual([])
  })

  it('outlives the member who set it up: the next hive does it again', async () => {
    const key = generatePrivateKey()
    const member = { colonyname: colony, userid: identityOf(key), name: 'gone', email: '', phone: '' }
    await around().owner.addUser(member)
    await testSchedules(around(), bee, { client: clientOf(around().brokerUrl, key) }).look()
    const { cronid } = await theCron()
    await startHive({}, [bee])
    await until(async () => (await ended()).length === 1, { what: 'the first run' })
    await around().owner.removeUser(colony, 'gone')
    const hive = testSchedules(around(), bee, { clock: ahead(3 * dayMs) })
    await hive.look()
    await hive.look()
    expect((await theCron()).cronid).not.toBe(cronid)
    expect((await theCron()).initiatorid).toBe(identityOf(around().memberKey))
  })
})
