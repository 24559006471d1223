import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { identityOf } from '../../../src/colonies/index.ts'
import { startColoniesServer } from '../../../src/local/colonies/index.ts'
import { adminQuery, createEmptyDatabase, type TestDatabase, until } from '../../support/index.ts'
import { colonyName, someWork, startTestColony } from './test-colony.ts'

describe('a restart of the server', () => {
  let database: TestDatabase

  beforeAll(async () => {
    database = await createEmptyDatabase()
  })
  afterAll(() => database.drop())

  it('loses no process, member, pause, log or sign of life', async () => {
    const schema = 'restarted'
    const first = await startTestColony({ databaseUrl: database.url, schema })
    const executor = await first.addExecutor('executor-a')
    const waiting = await first.user.submit(someWork({ label: 'stays', env: { MODE: 'test' } }))
    const taken = await first.user.submit(someWork({ priority: 1 }))
    const running = await executor.client.assign(colonyName, 5, executor.key)
    expect(running.processid).toBe(taken.processid)
    await executor.client.addLog(running.processid, 'one line')
    await first.owner.pauseAssignments(colonyName)
    const before = await first.user.getExecutor(colonyName, 'executor-a')
    await first.close()

    const server = await startColoniesServer({
      databaseUrl: database.url,
      schema,
      serverId: identityOf(first.keys.server),
    })
    const user = first.clientFor(first.keys.user, server.url)
    const worker = first.clientFor(executor.key, server.url)
    try {
      expect(await user.getProcess(waiting.processid)).toEqual(waiting)
      expect(await user.getProcess(running.processid)).toEqual(running)
      expect(await user.getExecutor(colonyName, 'executor-a')).toEqual(before)
      expect((await user.getPauseStatus(colonyName)).ispaused).toBe(true)
      const lines = await user.getLogs(colonyName, running.processid, '', 10)
      expect(lines.map((line) => line.message)).toEqual(['one line'])
      await worker.closeProcess(running.processid, ['after the restart'])
      expect((await user.getProcess(running.processid)).out).toEqual(['after the restart'])
      await first.clientFor(first.keys.owner, server.url).resumeAssignments(colonyName)
      expect((await worker.assign(colonyName, 5, executor.key)).processid).toBe(waiting.processid)
    } finally {
      user.close()
      worker.close()
      await server.close()
    }
  })

  it('ends long-polls without giving them work', async () => {
    const schema = 'interrupted'
    const first = await startTestColony({ databaseUrl: database.url, schema })
    const executor = await first.addExecutor('executor-a')
    const poll = executor.client.assign(colonyName, 30, executor.key).then(
      () => 'assigned',
      (error: { readonly kind: string }) => error.kind,
    )
    await until(() => first.server.waiting() === 1)
    await first.server.close()
    expect(await poll).toBe('unavailable')
    await first.close()
  })

  it('is not needed when Postgres cuts every connection', async () => {
    const colony = await startTestColony({ databaseUrl: database.url, schema: 'cut' })
    const executor = await colony.addExecutor('executor-a')
    const poll = executor.client.assign(colonyName, 30, executor.key)
    await until(() => colony.server.waiting() === 1)
    await adminQuery(
      database.url,
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
    )
    const process = await until(() => colony.user.submit(someWork()).catch(() => undefined))
    expect((await poll).processid).toBe(process.processid)
    await colony.close()
  })

  it('works with a pool that outlives it', async () => {
    const pool = new pg.Pool({ connectionString: database.url, max: 1 })
    const first = await startTestColony({ pool, schema: 'pooled' })
    const process = await first.user.submit(someWork())
    await first.close()
    const server = await startColoniesServer({ pool, schema: 'pooled', serverId: identityOf(first.keys.server) })
    const user = first.clientFor(first.keys.user, server.url)
    expect(await user.getProcesses(colonyName, 10, 0)).toEqual([process])
    user.close()
    await server.close()
    await pool.end()
  })

  it('keeps two servers in one database apart by schema', async () => {
    const one = await startTestColony({ databaseUrl: database.url, schema: 'apart_one' })
    const two = await startTestColony({ databaseUrl: database.url, schema: 'apart_two' })
    const process = await one.user.submit(someWork())
    await expect(two.user.getProcess(process.processid)).rejects.toMatchObject({ kind: 'not_found' })
    await one.close()
    await two.close()
  })

  it('refuses a schema name that is not a plain word', async () => {
    const options = { databaseUrl: database.url, schema: 'x; drop table y', serverId: '0'.repeat(64) }
    await expect(startColoniesServer(options)).rejects.toMatchObject({ code: 'BEE_CONFIG_INVALID' })
  })
})
