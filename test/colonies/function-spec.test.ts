import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ColoniesClient, type FunctionSpec } from '../../src/colonies/index.ts'
import { envelope, ReplayServer, sendAnswer } from './replay-server.ts'
import { messageOf, processText, testKey } from './samples.ts'

const server = new ReplayServer()
let bodies: string[] = []
let client: ColoniesClient

const answer = (msgtype: string, text: string): void => {
  server.handler = (body, response) => {
    bodies.push(body)
    sendAnswer(response, { status: 200, body: envelope(msgtype, text) })
  }
}

const spec: FunctionSpec = { funcname: 'f', conditions: { colonyname: 'dev', executortype: 'worker' } }

beforeAll(async () => {
  client = new ColoniesClient({ url: await server.start(), privateKey: testKey })
})
afterAll(async () => {
  client.close()
  await server.stop()
})
beforeEach(() => {
  bodies = []
})

describe('a submitted specification', () => {
  it('always has its three limits', async () => {
    answer('submitfuncspecmsg', processText())
    await client.submitFunctionSpec(spec)
    await client.submitFunctionSpec({ ...spec, maxexectime: -1, maxretries: 7, maxwaittime: 60 })
    expect(bodies.map((body) => messageOf(body)['spec'])).toEqual([
      { ...spec, maxexectime: 300, maxretries: 3, maxwaittime: -1 },
      { ...spec, maxexectime: -1, maxretries: 7, maxwaittime: 60 },
    ])
  })

  const { conditions } = spec
  it.each<[string, FunctionSpec]>([
    ['maxexectime 0', { ...spec, maxexectime: 0 }],
    ['maxretries 0', { ...spec, maxretries: 0 }],
    ['maxwaittime 0', { ...spec, maxwaittime: 0 }],
    ['maxexectime -2', { ...spec, maxexectime: -2 }],
    ['maxexectime 1.5', { ...spec, maxexectime: 1.5 }],
    ['no function', { ...spec, funcname: '' }],
    ['NUL in the function', { ...spec, funcname: 'a\0' }],
    ['priority', { ...spec, priority: 50_001 }],
    ['long label', { ...spec, label: 'x'.repeat(2048) }],
    ['colon in the colony', { ...spec, conditions: { ...conditions, colonyname: 'a:b' } }],
    ['no executor type', { ...spec, conditions: { ...conditions, executortype: '' } }],
    ['cpu without unit', { ...spec, conditions: { ...conditions, cpu: '2' } }],
    ['mem 1MB', { ...spec, conditions: { ...conditions, mem: '1MB' } }],
    ['mem with a fraction', { ...spec, conditions: { ...conditions, mem: '1.5Gi' } }],
    ['storage without unit', { ...spec, conditions: { ...conditions, storage: '100' } }],
    ['gpu memory', { ...spec, conditions: { ...conditions, gpu: { mem: '1TB' } } }],
    ['128 nodes', { ...spec, conditions: { ...conditions, nodes: 128 } }],
  ])('is refused before it is sent: %s', async (_what, bad) => {
    await expect(client.submitFunctionSpec(bad)).rejects.toMatchObject({ kind: 'invalid', outcome: 'not_applied' })
    await expect(
      client.submitWorkflowSpec({ colonyname: 'dev', functionspecs: [{ ...bad, nodename: 'a' }] }),
    ).rejects.toMatchObject({ kind: 'invalid' })
    expect(bodies).toEqual([])
  })

  it('of a workflow needs node names of its own and known dependencies', async () => {
    const node = { ...spec, nodename: 'a' }
    const lost = { ...spec, nodename: 'b', conditions: { ...conditions, dependencies: ['c'] } }
    for (const functionspecs of [[], [spec], [node, node], [node, lost]]) {
      const submit = client.submitWorkflowSpec({ colonyname: 'dev', functionspecs })
      await expect(submit).rejects.toMatchObject({ kind: 'invalid' })
    }
  })

  it.each([
    [
      'executor',
      () => client.addExecutor({ executorid: '', executortype: 't', executorname: 'a:b', colonyname: 'dev' }),
    ],
    ['colony', () => client.addColony({ colonyid: '', name: 'a:b' })],
    ['user', () => client.addUser({ colonyname: 'dev', userid: '', name: 'a:b', email: '', phone: '' })],
  ])('no %s gets a name with a colon', async (_what, add) => {
    await expect(add()).rejects.toMatchObject({ kind: 'invalid' })
    expect(bodies).toEqual([])
  })
})
