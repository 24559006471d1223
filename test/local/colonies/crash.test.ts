import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { ColoniesClient, generatePrivateKey, identityOf, type Process } from '../../../src/colonies/index.ts'
import type { ColoniesServerOptions } from '../../../src/local/colonies/index.ts'
import { createEmptyDatabase, freePort, type TestDatabase } from '../../support/index.ts'
import { colonyName, executorType, someWork } from './test-colony.ts'

const script = fileURLToPath(new URL('run-server.ts', import.meta.url))

async function spawnServer(options: ColoniesServerOptions): Promise<ChildProcess> {
  const child = spawn(process.execPath, [script, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] })
  if (child.stdout !== null) await once(child.stdout, 'data')
  return child
}

describe('a server that is killed in the middle of work', () => {
  let database: TestDatabase
  let child: ChildProcess | undefined

  beforeAll(async () => {
    database = await createEmptyDatabase()
  })
  afterAll(async () => {
    child?.kill('SIGKILL')
    await database.drop()
  })

  it('has everything that it confirmed: submits, assignments, results', async () => {
    const keys = {
      server: generatePrivateKey(),
      owner: generatePrivateKey(),
      user: generatePrivateKey(),
      executor: generatePrivateKey(),
    }
    const options = { databaseUrl: database.url, serverId: identityOf(keys.server), port: await freePort() }
    const url = `http://127.0.0.1:${options.port}`
    const clientFor = (privateKey: Uint8Array) => new ColoniesClient({ url, privateKey })
    const [server, owner, user, executor] = [keys.server, keys.owner, keys.user, keys.executor].map(clientFor) as [
      ColoniesClient,
      ColoniesClient,
      ColoniesClient,
      ColoniesClient,
    ]
    child = await spawnServer(options)
    await server.addColony({ colonyid: identityOf(keys.owner), name: colonyName })
    await owner.addUser({ colonyname: colonyName, userid: identityOf(keys.user), name: 'user', email: '', phone: '' })
    const names = { executorname: 'executor-a', executortype: executorType, colonyname: colonyName }
    await owner.addExecutor({ executorid: identityOf(keys.executor), ...names })
    await owner.approveExecutor(colonyName, 'executor-a')

    const submitted: Process[] = []
    const assigned: string[] = []
    const closed: string[] = []
    const submitting = (async () => {
      for (;;) submitted.push(await user.call('submitfuncspecmsg', { spec: someWork() } as never))
    })().catch(() => undefined)
    const working = (async () => {
      for (;;) {
        const { processid } = await executor.assign(colonyName, 5, keys.executor)
        assigned.push(processid)
        if (assigned.length % 2 === 0) continue
        await executor.closeProcess(processid, [processid])
        closed.push(processid)
        if (closed.length === 20) child?.kill('SIGKILL')
      }
    })().catch(() => undefined)
    await Promise.all([submitting, working])
    expect(closed.length).toBeGreaterThanOrEqual(20)

    child = await spawnServer(options)
    const found = new Map<string, Process>()
    for (const { processid } of submitted) found.set(processid, await user.getProcess(processid))
    expect(found.size).toBe(submitted.length)
    for (const processid of closed) expect(found.get(processid)).toMatchObject({ state: 2, out: [processid] })
    for (const processid of assigned) {
      if (!closed.includes(processid)) expect([1, 2]).toContain((await user.getProcess(processid)).state)
    }
    // Nothing is given out twice by the restart: the next assignment is of a process that nobody had.
    const next = await executor.assign(colonyName, 5, keys.executor).catch(() => undefined)
    if (next !== undefined) expect(assigned).not.toContain(next.processid)
    for (const client of [server, owner, user, executor]) client.close()
  })
})
