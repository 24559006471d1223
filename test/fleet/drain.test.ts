import { describe, expect, it } from 'vitest'
import { until } from '../support/index.ts'
import { gate, seen, worker } from './bees.ts'
import { testFleet } from './test-fleet.ts'
import { useSurroundings } from './use-hive.ts'

const { around, startHive } = useSurroundings('each')

const submitWait = async (note: string): Promise<string> => {
  const { processId } = await around().submitter.submit({
    bee: 'worker',
    task: 'wait',
    input: { note },
    deadlineMs: 60_000,
  })
  return processId
}
const started = (note: string) => until(() => seen.get(note)?.includes('started'))
const executors = async () => {
  const { rows } = await around().admin.query('select executorname, state from colonies.executors')
  return rows as { executorname: string; state: number }[]
}

describe('a drain', () => {
  it('of an idle hive waits for its open poll, leaves the register, and exits with 0', async () => {
    const hive = await startHive()
    const drained = await hive.fleet.stop({ graceMs: 5_000 })
    expect(drained).toMatchObject({ exitCode: 0, givenBack: 0, left: 0, forced: false, receiptsPending: 0 })
    expect(drained.durationMs).toBeLessThan(2_500)
    expect(hive.fleet.status().bees[0]?.state).toBe('stopped')
    expect((await executors()).map(({ state }) => state)).toEqual([3])
  })

  it('of an idle hive that may cut its poll takes no time', async () => {
    const hive = await startHive({ tuning: { cutPollAtStop: true, poller: { pollTimeoutS: 10, startJitterMs: 1 } } })
    await until(() => hive.fleet.status().bees[0]?.state === 'polling')
    const drained = await hive.fleet.stop({ graceMs: 5_000 })
    expect(drained).toMatchObject({ exitCode: 0, givenBack: 0, left: 0 })
    expect(drained.durationMs).toBeLessThan(500)
  })

  it('lets running tasks finish, after it has told them', async () => {
    const hive = await startHive()
    const processId = await submitWait('finishes')
    await started('finishes')
    const stopping = hive.fleet.stop({ graceMs: 10_000 })
    await until(() => seen.get('finishes')?.includes('shutting down'))
    gate('finishes').open()
    expect(await stopping).toMatchObject({ exitCode: 0, givenBack: 0, left: 0 })
    expect((await around().client.getProcess(processId)).state).toBe(2)
    expect(await around().effects('wait')).toHaveLength(1)
  })

  it('takes nothing new', async () => {
    const hive = await startHive()
    await submitWait('holds the drain')
    await started('holds the drain')
    const stopping = hive.fleet.stop({ graceMs: 10_000 })
    await until(() => hive.lines.some((line) => line.includes('"draining"')))
    // The one open poll may bring one more process; it is then run or given back, but never lost.
    const late = await Promise.all(['late 1', 'late 2', 'late 3'].map(submitWait))
    for (const note of ['holds the drain', 'late 1', 'late 2', 'late 3']) gate(note).open()
    expect(await stopping).toMatchObject({ exitCode: 0, left: 0 })
    const states = await Promise.all(late.map(async (id) => (await around().client.getProcess(id)).state))
    expect(states.filter((state) => state === 0).length).toBeGreaterThanOrEqual(2)
    await startHive()
    for (const id of late) expect((await around().submitter.waitFor(id, { timeoutMs: 10_000 })).state).toBe('success')
    expect(await around().effects('wait')).toHaveLength(4)
  })

  it('gives back what does not finish: another hive runs it at once, with one effect', async () => {
    const first = await startHive()
    const processId = await submitWait('given back')
    await started('given back')
    const drained = await first.fleet.stop({ graceMs: 1_500 })
    expect(drained).toMatchObject({ exitCode: 0, givenBack: 1, left: 0 })
    expect(drained.durationMs).toBeLessThan(2_500)
    expect(seen.get('given back')).toContain('BEE_SHUTTING_DOWN')
    expect(await around().client.getProcess(processId)).toMatchObject({ state: 0, retries: 0 })
    gate('given back').open()
    await startHive()
    expect((await around().submitter.waitFor(processId, { timeoutMs: 10_000 })).state).toBe('success')
    expect(await around().effects('wait')).toHaveLength(1)
  })

  it('without the colony key leaves it to the time limit, and the exit code says so', async () => {
    const executorKey = new Uint8Array(32).fill(9)
    const hive = await startHive({ withColonyKey: false, executorKey })
    const executor = hive.fleet.status().bees[0]?.executor ?? ''
    await around().owner.addExecutor({
      executorid: executor,
      executortype: 'worker-bee',
      executorname: 'fixed',
      colonyname: 'dev',
    })
    await around().owner.approveExecutor('dev', 'fixed')
    const processId = await submitWait('left')
    await started('left')
    expect(await hive.fleet.stop({ graceMs: 1_500 })).toMatchObject({ exitCode: 1, givenBack: 0, left: 1 })
    expect((await around().client.getProcess(processId)).state).toBe(1)
    // The next life of the same identity finds it among its own and finishes it.
    gate('left').open()
    await startHive({ withColonyKey: false, executorKey })
    expect((await around().submitter.waitFor(processId, { timeoutMs: 10_000 })).state).toBe('success')
    expect(await around().effects('wait')).toHaveLength(1)
  })

  it('is cut short by a second signal, and still gives back', async () => {
    const hive = await startHive()
    const processId = await submitWait('forced')
    await started('forced')
    const stopping = hive.fleet.stop({ graceMs: 30_000 })
    await until(() => seen.get('forced')?.includes('shutting down'))
    const begun = performance.now()
    expect(await hive.fleet.force()).toMatchObject({ exitCode: 0, givenBack: 1, forced: true })
    expect(performance.now() - begun).toBeLessThan(5_000)
    expect(await stopping).toBe(await hive.fleet.force())
    expect((await around().client.getProcess(processId)).state).toBe(0)
  })

  it('does not wait for a handler that ignores its signal, and says that one was running', async () => {
    const hive = await startHive()
    const { processId } = await around().submitter.submit({
      bee: 'worker',
      task: 'deaf',
      input: { note: 'deaf in drain' },
    })
    await started('deaf in drain')
    const drained = await hive.fleet.stop({ graceMs: 1_000 })
    expect(drained).toMatchObject({ exitCode: 0, givenBack: 1, left: 0, stillRunning: 1 })
    expect(drained.durationMs).toBeLessThan(3_000)
    expect((await around().client.getProcess(processId)).state).toBe(0)
    gate('deaf in drain').open()
    await until(() => seen.get('deaf in drain')?.some((what) => what.startsWith('refused')))
    expect(await around().effects('deaf')).toEqual([])
  })

  it('gives back although the first answers of the broker get lost', async () => {
    const hive = await startHive()
    const processId = await submitWait('lost removal')
    await started('lost removal')
    around().broker().faults.inject({ kind: 'reset', msgtype: 'removeexecutormsg', times: 2 })
    expect(await hive.fleet.stop({ graceMs: 1_000 })).toMatchObject({ exitCode: 0, givenBack: 1, left: 0 })
    expect((await around().client.getProcess(processId)).state).toBe(0)
  })

  it('with a broker that is gone says that something was left', async () => {
    const hive = await startHive()
    await submitWait('broker gone')
    await started('broker gone')
    await around().stopBroker()
    expect(await hive.fleet.stop({ graceMs: 1_000 })).toMatchObject({ exitCode: 1, givenBack: 0, left: 1 })
    await around().restartBroker()
  })

  it('is the same however often, and whenever, it is asked for', async () => {
    const unborn = testFleet(around(), [worker])
    expect(await unborn.fleet.stop()).toMatchObject({ exitCode: 0 })
    await unborn.fleet.start()
    expect(unborn.fleet.status().bees[0]?.state).toBe('stopped')
    const hive = await startHive()
    await Promise.all([hive.fleet.start(), hive.fleet.start()])
    const [once, twice] = await Promise.all([hive.fleet.stop({ graceMs: 3_000 }), hive.fleet.stop({ graceMs: 1 })])
    expect(once).toBe(twice)
    const hasty = testFleet(around(), [worker])
    const starting = hasty.fleet.start()
    expect(await hasty.fleet.stop({ graceMs: 3_000 })).toMatchObject({ exitCode: 0 })
    await starting
    await until(async () => (await executors()).every(({ state }) => state === 3))
  })
})
