import { describe, expect, it } from 'vitest'
import { until } from '../support/index.ts'
import { gate, seen } from './bees.ts'
import { submitAndWait, type TestFleet } from './test-fleet.ts'
import { useSurroundings } from './use-hive.ts'

const { around, startHive } = useSurroundings('each')

const worked = (hive: TestFleet) => {
  const [status] = hive.fleet.status().bees
  if (status === undefined) throw new Error('the hive has no bee')
  return status
}
const append = (note: string) => ({ bee: 'worker', task: 'append', input: { note } })

describe('a broker in trouble', () => {
  it('that loses the reply of an assign: the process is found and run once', async () => {
    const hive = await startHive()
    around().broker().faults.inject({ kind: 'lose_assign_reply' })
    const ended = await submitAndWait(around(), append('lost reply'))
    expect(ended.state).toBe('success')
    expect(ended.process.retries).toBe(0)
    expect(await around().effects()).toEqual([{ note: 'lost reply' }])
    expect(await hive.metrics.render()).toMatch(/bees_\w*orphan\w*\{bee="worker"\} 1/)
  })

  it('that cuts the connection at a close: it is repeated', async () => {
    await startHive()
    around().broker().faults.inject({ kind: 'reset', msgtype: 'closesuccessfulmsg', times: 2 })
    expect((await submitAndWait(around(), append('cut close'))).state).toBe('success')
    around().broker().faults.inject({ kind: 'empty_500', msgtype: 'closefailedmsg', times: 2 })
    const failed = await submitAndWait(around(), { bee: 'worker', task: 'wrong_shape', input: { note: 'x' } })
    expect(failed.process.retries).toBe(0)
  })

  it('that loses the reply of a close: it is repeated, and counts as closed', async () => {
    const hive = await startHive()
    around().broker().faults.inject({ kind: 'lose_reply', msgtype: 'closesuccessfulmsg', times: 2 })
    expect((await submitAndWait(around(), append('lost close'))).state).toBe('success')
    around().broker().faults.inject({ kind: 'lose_reply', msgtype: 'closefailedmsg' })
    const failed = await submitAndWait(around(), { bee: 'worker', task: 'wrong_shape', input: { note: 'x' } })
    expect(failed.errors[0]).toMatch(/^BEE_OUTPUT_INVALID/)
    expect(await around().effects()).toHaveLength(1)
    await until(() => hive.lines.some((line) => line.includes('"task failed"')))
    expect(hive.lines.filter((line) => line.includes('refused the close') || line.includes('did not reach'))).toEqual(
      [],
    )
  })

  it.each(['empty_500', 'empty_200', 'http200_error', 'reset'] as const)(
    'that answers polls with %s: polls go on',
    async (kind) => {
      await startHive()
      around().broker().faults.inject({ kind, msgtype: 'assignprocessmsg', times: 3 })
      expect((await submitAndWait(around(), append(kind))).state).toBe('success')
      expect(await around().effects()).toHaveLength(1)
    },
  )

  it('that restarts while tasks run: they end all the same, with one effect each', async () => {
    const hive = await startHive()
    const waiting = await around().submitter.submit({
      bee: 'worker',
      task: 'wait',
      input: { note: 'over the restart' },
    })
    await until(() => seen.get('over the restart')?.includes('started'))
    await around().restartBroker()
    gate('over the restart').open()
    expect((await around().submitter.waitFor(waiting.processId, { timeoutMs: 15_000 })).state).toBe('success')
    expect((await submitAndWait(around(), append('after the restart'))).state).toBe('success')
    expect(await around().effects()).toHaveLength(2)
    expect(worked(hive).state).toBe('polling')
  })

  it('that is not there at the start: the bee registers when it comes', async () => {
    await around().stopBroker()
    const hive = await startHive()
    expect(worked(hive)).toMatchObject({ state: 'starting', problem: { code: 'BEE_BROKER_UNAVAILABLE' } })
    await around().restartBroker()
    await until(() => worked(hive).state === 'polling', { timeoutMs: 10_000 })
    expect(worked(hive).problem).toBeNull()
    expect((await submitAndWait(around(), append('late broker'))).state).toBe('success')
  })

  it('that strikes the executor off: a new identity goes on, the old one can do nothing more', async () => {
    const hive = await startHive()
    const before = worked(hive)
    const { processId } = await around().submitter.submit({
      bee: 'worker',
      task: 'wait',
      input: { note: 'struck off' },
    })
    await until(() => seen.get('struck off')?.includes('started'))
    await around().owner.removeExecutor('dev', before.executorName)
    await until(() => seen.get('struck off')?.includes('ownership lost'), { timeoutMs: 10_000 })
    gate('struck off').open()
    expect((await around().submitter.waitFor(processId, { timeoutMs: 15_000 })).state).toBe('success')
    expect(worked(hive).executor).not.toBe(before.executor)
    expect(await around().effects('wait')).toHaveLength(1)
    expect(await around().ledgerRows(processId)).toBe(1)
  })

  it('that assigned a process to an identity which it had struck off: the process is put back and ends', async () => {
    const hive = await startHive({ tuning: { poller: { pollTimeoutS: 4, startJitterMs: 1, backoffBaseMs: 20 } } })
    const { executorName, executor } = worked(hive)
    await until(async () => (await around().client.getExecutor('dev', executorName)).lastheardfromtime !== null)
    // Nobody has that name, so that the process waits until the race is arranged: assigned after the removal.
    const { processid } = await around().client.submitFunctionSpec({
      funcname: 'unknown_task',
      maxexectime: 60,
      conditions: { colonyname: 'dev', executortype: 'worker-bee', executornames: ['nobody'] },
    })
    await around().owner.removeExecutor('dev', executorName)
    await around().admin.query(
      `update colonies.processes set state = 1, isassigned = true, assignedexecutorid = $2, executornames = null,
         starttime = submissiontime, execdeadline = submissiontime + 60000000 where processid = $1`,
      [processid, executor],
    )
    const ended = await around().submitter.waitFor(processid, { timeoutMs: 15_000 })
    expect(ended.errors[0]).toMatch(/^BEE_TASK_UNKNOWN/)
    expect(ended.process.assignedexecutorid).not.toBe(executor)
  })

  it('that pauses: nothing is taken until it resumes', async () => {
    const hive = await startHive()
    await around().owner.pauseAssignments('dev')
    // A poll that was open before may still bring something.
    await until(() => worked(hive).state === 'suspended', { timeoutMs: 10_000 })
    expect(worked(hive).hold).toBe('paused')
    const { processId } = await around().submitter.submit(append('paused'))
    await until(() => hive.lines.filter((line) => line.includes('suspended')).length > 0)
    expect(await around().effects()).toEqual([])
    await around().owner.resumeAssignments('dev')
    expect((await around().submitter.waitFor(processId, { timeoutMs: 15_000 })).state).toBe('success')
  })

  it('between two hives: every process has one effect, and both work', async () => {
    const pair = [await startHive(), await startHive()]
    const notes = Array.from({ length: 40 }, (_, index) => `shared ${index}`)
    const ended = await Promise.all(notes.map((note) => submitAndWait(around(), append(note), 25_000)))
    expect(ended.map(({ state }) => state)).toEqual(notes.map(() => 'success'))
    const effects = (await around().effects()).map((row) => (row as { note: string }).note)
    expect(effects.sort()).toEqual([...notes].sort())
    for (const hive of pair) expect(hive.lines.some((line) => line.includes('"task done"'))).toBe(true)
  })

  it('without the colony key: an approved executor is found by its fixed key, another one waits for approval', async () => {
    const executorKey = new Uint8Array(32).fill(7)
    const hive = await startHive({ withColonyKey: false, executorKey })
    const { executor } = worked(hive)
    expect(worked(hive)).toMatchObject({ state: 'starting', problem: { code: 'BEE_EXECUTOR_NOT_APPROVED' } })
    const name = 'approved-by-hand'
    await around().owner.addExecutor({
      executorid: executor,
      executortype: 'worker-bee',
      executorname: name,
      colonyname: 'dev',
    })
    await around().owner.approveExecutor('dev', name)
    await until(() => worked(hive).state === 'polling', { timeoutMs: 10_000 })
    expect((await submitAndWait(around(), append('fixed'))).state).toBe('success')
    await hive.fleet.stop({ graceMs: 3_000 })
    // The same identity in its next life goes on with the same chain of receipts.
    await startHive({ withColonyKey: false, executorKey })
    expect((await submitAndWait(around(), append('fixed again'))).state).toBe('success')
    const { rows } = await around().admin.query('select seq::int from bees.receipts where executor = $1 order by seq', [
      executor,
    ])
    expect(rows).toEqual([{ seq: 1 }, { seq: 2 }])
  })

  it('without the colony key and without a fixed key: the bee fails, and says so', async () => {
    const hive = await startHive({ withColonyKey: false })
    expect(worked(hive)).toMatchObject({ state: 'failed', problem: { code: 'BEE_EXECUTOR_NOT_APPROVED' } })
    expect(await hive.fleet.stop()).toMatchObject({ exitCode: 0 })
  })
})
