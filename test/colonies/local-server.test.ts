import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ColoniesClient, generatePrivateKey, identityOf, ProcessState } from '../../src/colonies/index.ts'
import { type ColoniesServer, startColoniesServer } from '../../src/local/colonies/index.ts'
import { createEmptyDatabase } from '../support/index.ts'

const keys = {
  server: generatePrivateKey(),
  owner: generatePrivateKey(),
  executor: generatePrivateKey(),
  user: generatePrivateKey(),
}

let database: Awaited<ReturnType<typeof createEmptyDatabase>>
let server: ColoniesServer
let client: ColoniesClient

beforeAll(async () => {
  database = await createEmptyDatabase()
  server = await startColoniesServer({ databaseUrl: database.url, serverId: identityOf(keys.server) })
  client = new ColoniesClient({ url: server.url, privateKey: keys.server })
  await client.addColony({ colonyid: identityOf(keys.owner), name: 'dev' })
  client.setPrivateKey(keys.owner)
  const executorid = identityOf(keys.executor)
  await client.addExecutor({ executorid, executortype: 'worker', executorname: 'w1', colonyname: 'dev' })
  await client.approveExecutor('dev', 'w1')
  await client.addUser({ colonyname: 'dev', userid: identityOf(keys.user), name: 'u', email: '', phone: '' })
  client.setPrivateKey(keys.user)
})
afterAll(async () => {
  client.close()
  await server.close()
  await database.drop()
})

const conditions = { colonyname: 'dev', executortype: 'worker' }

describe('against the local server', () => {
  it('lives the life of a process', async () => {
    const submitted = await client.submit({ funcname: 'f', args: [1, 'å'], kwargs: { k: [null] }, conditions })
    expect(submitted).toMatchObject({ state: ProcessState.WAITING, starttime: null })
    const worker = new ColoniesClient({ url: server.url, privateKey: keys.executor })
    const assigned = await worker.assign('dev', 5, keys.executor)
    expect(assigned).toMatchObject({ processid: submitted.processid, state: ProcessState.RUNNING, retries: 0 })
    expect(assigned.starttime).not.toBeNull()
    await worker.addLog(assigned.processid, 'working\0', keys.executor)
    await worker.heartbeat('dev', keys.executor)
    await worker.closeProcess(assigned.processid, ['done', { n: 1 }])
    expect(await client.getProcess(assigned.processid)).toMatchObject({
      state: ProcessState.SUCCESS,
      out: ['done', { n: 1 }],
    })
    const [line] = await client.getLogs('dev', assigned.processid, '')
    expect(line?.message).toBe('working')
    expect(await client.getLogs('dev', assigned.processid, '', 100, line?.timestamp ?? 0)).toEqual([])
    worker.close()
  })

  it('finds a process by its label', async () => {
    const { processid } = await client.submit(
      { funcname: 'f', conditions: { ...conditions, executortype: 'nobody' } },
      { label: 'token' },
    )
    const found = await client.getProcesses('dev', 10, ProcessState.WAITING, { label: 'token' })
    expect(found.map((process) => process.processid)).toEqual([processid])
  })

  it('meets its refusals', async () => {
    await expect(client.getProcess('f'.repeat(64))).rejects.toMatchObject({ kind: 'not_found' })
    await expect(client.assign('dev', -1, keys.executor)).rejects.toMatchObject({ kind: 'no_process' })
    await expect(client.getColonies()).rejects.toMatchObject({ kind: 'forbidden' })
  })

  it('runs a workflow and lists its processes', async () => {
    const node = (nodename: string, dependencies: string[] = []) => ({
      nodename,
      funcname: 'f',
      conditions: { ...conditions, dependencies },
    })
    const graph = await client.submitWorkflowSpec({ colonyname: 'dev', functionspecs: [node('a'), node('b', ['a'])] })
    const processes = await client.getProcessesForWorkflow(graph.processgraphid, 'dev')
    expect(processes.map((process) => process.spec.nodename).sort()).toEqual(['a', 'b'])
    expect((await client.getProcessGraphs('dev', 10)).map((each) => each.processgraphid)).toEqual([
      graph.processgraphid,
    ])
  })
})
