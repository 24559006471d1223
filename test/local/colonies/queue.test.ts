import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { identityOf, sign } from '../../../src/colonies/index.ts'
import { createEmptyDatabase, type TestDatabase, until } from '../../support/index.ts'
import { colonyName, someWork, startTestColony, type TestColony, type TestExecutor } from './test-colony.ts'

const elsewhere = { colonyname: colonyName, executortype: 'nobody' }

describe('the queue under several executors', () => {
  let database: TestDatabase
  let colony: TestColony
  let executors: readonly TestExecutor[]

  beforeAll(async () => {
    database = await createEmptyDatabase()
    colony = await startTestColony({ databaseUrl: database.url })
    executors = await Promise.all(['a', 'b', 'c', 'd'].map((name) => colony.addExecutor(`executor-${name}`)))
  })
  afterAll(async () => {
    await colony.close()
    await database.drop()
  })

  it('gives each of 120 processes to exactly one of 16 pollers', async () => {
    const submitted = new Set<string>()
    const taken: string[] = []
    const work = async ({ client, key }: TestExecutor) => {
      while (taken.length < 120) {
        const process = await client.assign(colonyName, 2, key).catch(() => undefined)
        if (process === undefined) continue
        taken.push(process.processid)
        await client.closeProcess(process.processid, [taken.length])
      }
    }
    const pollers = Array.from({ length: 16 }, (_, index) => work(executors[index % 4] as TestExecutor))
    const submits = Array.from({ length: 120 }, async () => {
      submitted.add((await colony.user.submit(someWork())).processid)
    })
    await Promise.all([...pollers, ...submits])
    expect(taken.length).toBe(120)
    expect(new Set(taken)).toEqual(submitted)
    const statistics = await colony.user.getColonyStats(colonyName)
    expect(statistics).toMatchObject({ waitingprocesses: 0, runningprocesses: 0, successfulprocesses: 120 })
  })

  it('wakes the executor that a process is for, however many others wait longer', async () => {
    const [first, second, third, last] = executors as [TestExecutor, TestExecutor, TestExecutor, TestExecutor]
    const others = [first, second, third].map(({ client, key }) =>
      client.assign(colonyName, 2, key).catch((error: { readonly kind: string }) => error.kind),
    )
    const poll = last.client.assign(colonyName, 20, last.key)
    const conditions = { colonyname: colonyName, executortype: 'worker', executornames: [last.name] }
    const process = await colony.user.submit(someWork({ conditions }))
    expect((await poll).processid).toBe(process.processid)
    expect(await Promise.all(others)).toEqual(['no_process', 'no_process', 'no_process'])
    await last.client.closeProcess(process.processid, [])
  })

  it('passes an announced process on when its waiter gets another one', async () => {
    const [first, second] = executors as [TestExecutor, TestExecutor]
    const polls = [first, second].map(({ client, key }) => client.assign(colonyName, 20, key))
    const processes = await Promise.all([colony.user.submit(someWork()), colony.user.submit(someWork({ priority: 5 }))])
    const assigned = await Promise.all(polls)
    expect(new Set(assigned.map((one) => one.processid))).toEqual(new Set(processes.map((one) => one.processid)))
  })

  it('costs no statement while 30 long-polls wait, and three for a process that comes and is done', async () => {
    const pool = new pg.Pool({ connectionString: database.url, max: 4 })
    let statements = 0
    pool.on('acquire', () => {
      statements += 1
    })
    const never = 3_600_000
    const settings = { releasePeriodMs: never, cronCheckerPeriodMs: never, generatorCheckerPeriodMs: never }
    const quiet = await startTestColony({ pool, schema: 'quiet', settings })
    const many = await Promise.all(Array.from({ length: 30 }, (_, index) => quiet.addExecutor(`executor-${index}`)))
    const closing = new AbortController()
    const polls = many.map(async ({ client, key }) => {
      const process = await client.assign(colonyName, 30, key, {}, { signal: closing.signal })
      await client.closeProcess(process.processid, [])
      return process.processid
    })
    for (const poll of polls) poll.catch(() => undefined)
    await until(() => quiet.server.waiting() === many.length)
    // The signs of life are written once, within a second; after that nothing moves.
    await until(
      async () => {
        const before = statements
        await sleep(1200)
        return statements === before
      },
      { timeoutMs: 10_000, what: 'quiet' },
    )
    const before = statements
    const process = await quiet.user.submit(someWork())
    expect(await Promise.any(polls)).toBe(process.processid)
    // Submit, assign, close; and perhaps the sign of life of the one that got it.
    expect(statements - before).toBeLessThanOrEqual(4)
    closing.abort()
    await Promise.allSettled(polls)
    await quiet.close()
    await pool.end()
  })

  it('gives no work to an executor that is removed during its long-poll', async () => {
    const removed = await colony.addExecutor('executor-removed')
    const poll = removed.client
      .assign(colonyName, 20, removed.key)
      .catch((error: { readonly kind: string }) => error.kind)
    await until(() => colony.server.waiting() === 1)
    await colony.owner.removeExecutor(colonyName, removed.name)
    const conditions = { colonyname: colonyName, executortype: 'worker', executornames: [removed.name] }
    const process = await colony.user.submit(someWork({ conditions }))
    expect(await poll).toBe('forbidden')
    expect((await colony.user.getProcess(process.processid)).state).toBe(0)
  })

  it('takes arguments of many megabytes and gives them back', async () => {
    const text = 'å<0123456789abcdef>'.repeat(600_000)
    const process = await colony.user.submit(someWork({ args: [text], conditions: elsewhere }), { deadlineMs: 60_000 })
    expect((await colony.user.getProcess(process.processid, { deadlineMs: 60_000 })).spec.args[0] === text).toBe(true)
  })

  it('survives nesting without end', async () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`
    const spec = { funcname: 'f', args: 'DEEP', conditions: elsewhere }
    const text = JSON.stringify({ spec, msgtype: 'submitfuncspecmsg' }).replace('"DEEP"', deep)
    const payload = Buffer.from(text).toString('base64')
    const body = JSON.stringify({
      payloadtype: 'submitfuncspecmsg',
      payload,
      signature: sign(payload, colony.keys.user),
    })
    const response = await fetch(`${colony.server.url}/api`, { method: 'POST', body })
    expect([400, 500]).toContain(response.status)
    expect((await colony.user.getUsers(colonyName)).length).toBe(1)
  })

  it('reads no body above its limit', async () => {
    const small = await startTestColony({
      databaseUrl: database.url,
      schema: 'small',
      settings: { maxBodyBytes: 10_000 },
    })
    const post = (body: string) => fetch(`${small.server.url}/api`, { method: 'POST', body })
    expect((await post('x'.repeat(10_000))).status).toBe(400)
    expect((await post('x'.repeat(10_001))).status).toBe(413)
    await small.close()
  })

  it('answers an identity that repeats a signed message of somebody else as that somebody, and a changed one as a stranger', async () => {
    const message = JSON.stringify({ colonyname: colonyName, msgtype: 'getcolonymsg' })
    const payload = Buffer.from(message).toString('base64')
    const signature = sign(payload, colony.keys.user)
    const post = async (body: object) => {
      const response = await fetch(`${colony.server.url}/api`, { method: 'POST', body: JSON.stringify(body) })
      return response.status
    }
    const envelope = { payloadtype: 'getcolonymsg', payload, signature }
    expect(await post(envelope)).toBe(200)
    expect(await post(envelope)).toBe(200)
    // The remembered signer belongs to payload and signature together: neither alone opens anything.
    const other = Buffer.from(message.replace('dev', 'devv')).toString('base64')
    expect(await post({ ...envelope, payload: other })).toBe(403)
    expect(
      await post({ ...envelope, signature: signature.replace(/^../, signature.startsWith('00') ? '01' : '00') }),
    ).toBe(403)
    expect(identityOf(colony.keys.user)).toHaveLength(64)
  })
})
