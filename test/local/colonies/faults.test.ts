import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

import type { ColoniesError } from '../../../src/colonies/index.ts'
import { createEmptyDatabase, type TestDatabase, until } from '../../support/index.ts'
import { colonyName, someWork, startTestColony, type TestColony, type TestExecutor } from './test-colony.ts'

describe('faults that can be switched on', () => {
  let database: TestDatabase
  let colony: TestColony
  let executor: TestExecutor

  const refusal = (call: Promise<unknown>) =>
    call.then(
      () => undefined,
      (error: ColoniesError) => error,
    )
  const assign = (timeout = 1) => executor.client.assign(colonyName, timeout, executor.key)

  beforeAll(async () => {
    database = await createEmptyDatabase()
    const settings = { releasePeriodMs: 100 }
    colony = await startTestColony({ databaseUrl: database.url, faultControl: true, settings })
    executor = await colony.addExecutor('executor-a')
  })
  afterEach(async () => {
    colony.server.faults.clear()
    await colony.owner.removeAllProcesses(colonyName)
  })
  afterAll(async () => {
    await colony.close()
    await database.drop()
  })

  it('loses the reply of an assign that was carried out', async () => {
    const process = await colony.user.submit(someWork())
    colony.server.faults.inject({ kind: 'lose_assign_reply' })
    expect(await refusal(assign())).toMatchObject({ kind: 'unavailable', outcome: 'unknown' })
    expect((await colony.user.getProcess(process.processid)).state).toBe(1)
  })

  it('loses the reply of a submit that was carried out', async () => {
    colony.server.faults.inject({ kind: 'lose_reply', msgtype: 'submitfuncspecmsg' })
    const lost = colony.user.call('submitfuncspecmsg', { spec: someWork() } as never)
    expect(await refusal(lost)).toMatchObject({ outcome: 'unknown' })
    expect((await colony.user.getProcesses(colonyName, 10, 0)).length).toBe(1)
  })

  it('answers 404 although work is waiting', async () => {
    const process = await colony.user.submit(someWork())
    colony.server.faults.inject({ kind: 'empty_404', msgtype: 'assignprocessmsg' })
    expect(await refusal(assign())).toMatchObject({ kind: 'no_process' })
    expect((await assign()).processid).toBe(process.processid)
  })

  it('puts an error into HTTP 200', async () => {
    colony.server.faults.inject({ kind: 'http200_error' })
    expect(await refusal(colony.user.getUsers(colonyName))).toMatchObject({ status: 500, httpStatus: 200 })
  })

  it('answers 200 and 500 with no body', async () => {
    colony.server.faults.inject({ kind: 'empty_200' })
    expect(await refusal(colony.user.getUsers(colonyName))).toMatchObject({ kind: 'forbidden', httpStatus: 200 })
    colony.server.faults.inject({ kind: 'empty_500' })
    expect(await refusal(colony.user.getUsers(colonyName))).toMatchObject({ httpStatus: 500 })
  })

  it('stalls and then fails', async () => {
    colony.server.faults.inject({ kind: 'stall', delayMs: 200 })
    const startMs = performance.now()
    expect(await refusal(colony.user.getUsers(colonyName))).toMatchObject({ status: 500 })
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(195)
  })

  it('hangs while /health is fine', async () => {
    colony.server.faults.inject({ kind: 'hang' })
    const hung = refusal(colony.user.getUsers(colonyName, { deadlineMs: 300 }))
    expect((await fetch(`${colony.server.url}/health`)).status).toBe(200)
    expect(await hung).toMatchObject({ kind: 'timeout' })
  })

  it('resets the connection before anything is done', async () => {
    colony.server.faults.inject({ kind: 'reset', msgtype: 'submitfuncspecmsg' })
    const cut = colony.user.call('submitfuncspecmsg', { spec: someWork() } as never)
    expect(await refusal(cut)).toMatchObject({ kind: 'unavailable' })
    expect(await colony.user.getProcesses(colonyName, 10, 0)).toEqual([])
  })

  it('adds more than one to retries, as several nodes do', async () => {
    const process = await colony.user.submit(someWork({ maxexectime: 1, maxretries: -1 }))
    await assign()
    colony.server.faults.inject({ kind: 'extra_retries', retries: 2 })
    const requeued = await until(
      async () => {
        const seen = await colony.user.getProcess(process.processid)
        return seen.state === 0 && seen
      },
      { timeoutMs: 10_000 },
    )
    expect(requeued.retries).toBe(3)
  })

  it('misses a wake-up, so that only the last try before the deadline finds the work', async () => {
    const poll = assign(2)
    const startMs = performance.now()
    colony.server.faults.inject({ kind: 'missed_wakeup' })
    await until(() => colony.server.waiting() === 1)
    const process = await colony.user.submit(someWork())
    expect((await poll).processid).toBe(process.processid)
    expect(performance.now() - startMs).toBeGreaterThan(1500)
  })

  it('unregisters an executor that has just been given a process', async () => {
    const short = await colony.addExecutor('executor-short')
    const process = await colony.user.submit(someWork())
    colony.server.faults.inject({ kind: 'unregister_executor' })
    expect((await short.client.assign(colonyName, 1, short.key)).processid).toBe(process.processid)
    expect(await refusal(short.client.closeProcess(process.processid, ['late']))).toMatchObject({ kind: 'forbidden' })
    expect(await assign()).toMatchObject({ processid: process.processid, retries: 0 })
  })

  it('gives a process to two executors', async () => {
    const other = await colony.addExecutor('executor-b')
    const process = await colony.user.submit(someWork())
    colony.server.faults.inject({ kind: 'requeue_running' })
    const first = await assign()
    const second = await other.client.assign(colonyName, 1, other.key)
    expect([first.processid, second.processid]).toEqual([process.processid, process.processid])
    expect([first.retries, second.retries]).toEqual([0, 1])
    expect(await refusal(executor.client.closeProcess(process.processid, ['late']))).toMatchObject({
      kind: 'forbidden',
    })
    await other.client.closeProcess(process.processid, ['done'])
    expect((await colony.user.getProcess(process.processid)).out).toEqual(['done'])
  })

  it('counts down, and goes away when cleared', async () => {
    colony.server.faults.inject({ kind: 'empty_500', times: 2 })
    expect(colony.server.faults.pending()).toEqual([{ kind: 'empty_500', times: 2 }])
    await refusal(colony.user.getUsers(colonyName))
    expect(colony.server.faults.pending()).toEqual([{ kind: 'empty_500', times: 1 }])
    colony.server.faults.clear()
    expect((await colony.user.getUsers(colonyName)).length).toBe(1)
  })

  it('can be switched over HTTP where that is allowed', async () => {
    const control = (method: string, body?: unknown) =>
      fetch(`${colony.server.url}/__faults`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
    expect((await control('POST', { kind: 'nonsense' })).status).toBe(400)
    const switched = await control('POST', [{ kind: 'empty_500', times: 1 }, { kind: 'hang' }])
    expect(await switched.json()).toEqual([
      { kind: 'empty_500', times: 1 },
      { kind: 'hang', times: 1 },
    ])
    expect(await (await control('DELETE')).json()).toEqual([])
  })

  it('cannot be switched over HTTP elsewhere', async () => {
    const other = await startTestColony({ databaseUrl: database.url, schema: 'no_control' })
    const response = await fetch(`${other.server.url}/__faults`, { method: 'POST', body: '{"kind":"hang"}' })
    expect(response.status).toBe(404)
    expect(other.server.faults.pending()).toEqual([])
    await other.close()
  })
})
