import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { ColoniesServer } from '../../../src/local/colonies/index.ts'
import { openStore } from '../../../src/local/colonies/store.ts'
import { createEmptyDatabase, type TestDatabase } from '../../support/index.ts'
import { ask, call, node, populate, startServer } from './call-server.ts'

interface Process {
  readonly processid: string
  readonly state: number
  readonly spec: { readonly nodename: string }
  readonly in: unknown
  readonly parents: readonly string[]
  readonly children: readonly string[]
}

interface Graph {
  readonly processgraphid: string
  readonly state: number
  readonly processids: readonly string[]
}

const assign = { colonyname: 'dev', timeout: -1 }
const nowhere: readonly number[] = []

describe('workflows', () => {
  let database: TestDatabase
  let server: ColoniesServer

  const submit = (...functionspecs: readonly unknown[]) =>
    ask<Graph>(server, 'user', 'submitworkflowspecmsg', { spec: { colonyname: 'dev', functionspecs } })
  const take = (role: string) => ask<Process>(server, role, 'assignprocessmsg', assign)
  const stateOf = async (processgraphid: string) =>
    (await ask<Graph>(server, 'user', 'getprocessgraphmsg', { processgraphid })).state
  const close = (role: string, processid: string, out: readonly unknown[] = []) =>
    call(server, role, 'closesuccessfulmsg', { processid, out })
  const get = (processid: string) => ask<Process>(server, 'user', 'getprocessmsg', { processid })

  beforeAll(async () => {
    database = await createEmptyDatabase()
    server = await startServer(database.url)
    await populate(server)
  })
  afterAll(async () => {
    await server.close()
    await database.drop()
  })

  it('survive a restart in the middle', async () => {
    const graph = await submit(
      node('a', 'type-a'),
      node('b', 'type-b'),
      node('c', 'type-c', { dependencies: ['b', 'a'] }),
    )
    await close('executorA', (await take('executorA')).processid, ['from a'])
    const b = await take('executorB')

    await server.close()
    server = await startServer(database.url)

    expect(await stateOf(graph.processgraphid)).toBe(1)
    expect((await call(server, 'executorC', 'assignprocessmsg', assign)).status).toBe(404)
    await close('executorB', b.processid, ['from b'])
    const c = await take('executorC')
    expect(c.in).toEqual(['from b', 'from a'])
    await close('executorC', c.processid)
    expect(await stateOf(graph.processgraphid)).toBe(2)
  })

  it('release a join once when all its parents end at the same moment', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `n${index}`)
    const graph = await submit(
      ...names.map((name) => node(name, 'type-a')),
      node('join', 'type-b', { dependencies: names.toReversed() }),
    )
    const taken = await Promise.all(names.map(() => take('executorA')))
    const waiting = Promise.all(
      [1, 2].map(() => call(server, 'executorB', 'assignprocessmsg', { ...assign, timeout: 1 })),
    )
    const closed = await Promise.all(taken.map((one) => close('executorA', one.processid, [one.spec.nodename])))
    expect(closed.map((answer) => answer.status)).toEqual(names.map(() => 200))

    const answers = await waiting
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 404])
    const join = answers.find((answer) => answer.status === 200)?.payload as unknown as Process
    expect(join.in).toEqual(names.toReversed())
    await close('executorB', join.processid)
    expect(await stateOf(graph.processgraphid)).toBe(2)
  })

  it('fail as a whole while other nodes are being closed, without a lost or broken call', async () => {
    for (let round = 0; round < 5; round += 1) {
      const names = Array.from({ length: 8 }, (_, index) => `n${index}`)
      const graph = await submit(
        ...names.map((name) => node(name, 'type-a')),
        node('z', 'type-b', { dependencies: ['n0'] }),
      )
      const taken = await Promise.all(names.map(() => take('executorA')))
      const answers = await Promise.all(
        taken.map(({ processid, spec }) =>
          spec.nodename === 'n0'
            ? call(server, 'executorA', 'closefailedmsg', { processid, errors: ['broke'] })
            : close('executorA', processid),
        ),
      )
      expect(answers.map((answer) => answer.status).filter((status) => status !== 200 && status !== 400)).toEqual(
        nowhere,
      )
      expect(await stateOf(graph.processgraphid)).toBe(3)
      const states = await Promise.all(graph.processids.map(async (id) => (await get(id)).state))
      expect(states).toEqual(graph.processids.map(() => 3))
    }
  })

  it('get a further branch that joins an existing node', async () => {
    const graph = await submit(node('a', 'type-a'), node('b', 'type-b', { dependencies: ['a'] }))
    const { processgraphid } = graph
    const a = await take('executorA')
    const [childprocessid = ''] = a.children
    const place = { processgraphid, parentprocessid: a.processid, childprocessid, insert: false }
    const x = await ask<Process>(server, 'executorA', 'addchildmsg', { ...place, spec: node('x', 'type-c') })
    expect((await get(childprocessid)).parents).toEqual([a.processid, x.processid])

    await close('executorA', a.processid, ['a'])
    expect((await call(server, 'executorB', 'assignprocessmsg', assign)).status).toBe(404)
    await close('executorC', (await take('executorC')).processid, ['x'])
    const b = await take('executorB')
    expect(b.in).toEqual(['a', 'x'])
    await close('executorB', b.processid)
    expect(await stateOf(processgraphid)).toBe(2)
  })

  it('refuse children in another workflow and below strangers', async () => {
    const own = await submit(node('a', 'type-a'))
    const other = await submit(node('b', 'type-b'))
    const a = await take('executorA')
    const b = await take('executorB')
    const place = { parentprocessid: a.processid, childprocessid: '', insert: false, spec: node('x', 'type-c') }
    const refused = [
      { ...place, processgraphid: other.processgraphid },
      { ...place, processgraphid: '' },
      { ...place, processgraphid: own.processgraphid, childprocessid: b.processid },
      { ...place, processgraphid: other.processgraphid, parentprocessid: b.processid },
      { ...place, processgraphid: own.processgraphid, parentprocessid: 'f'.repeat(64) },
    ]
    for (const request of refused) {
      expect((await call(server, 'executorA', 'addchildmsg', request)).status, JSON.stringify(request)).toBe(400)
    }
    expect((await ask<Graph>(server, 'user', 'getprocessgraphmsg', { ...own })).processids).toEqual(own.processids)
    expect((await ask<Graph>(server, 'user', 'getprocessgraphmsg', { ...other })).processids).toEqual(other.processids)
    await close('executorA', a.processid)
    await close('executorB', b.processid)
  })

  it('are stored whole or not at all', async () => {
    const oddSize = { ...node('b', 'type-b'), conditions: { ...node('b', 'type-b').conditions, mem: '1.5Gi' } }
    // Postgres takes no NUL in text: the graph and node a are written when node b is refused.
    const nul = { ...node('b', 'type-b'), funcname: 'f\u0000' }
    for (const broken of [oddSize, nul]) {
      const spec = { colonyname: 'dev', functionspecs: [node('a', 'type-a'), broken] }
      expect((await call(server, 'user', 'submitworkflowspecmsg', { spec })).status).toBeGreaterThanOrEqual(400)
      expect((await call(server, 'executorA', 'assignprocessmsg', assign)).status).toBe(404)
      expect(await ask(server, 'user', 'getprocessgraphsmsg', { colonyname: 'dev', count: 100, state: 0 })).toBeNull()
    }
  })

  it('made no transaction wait in a circle', async () => {
    // Closing the connections writes their counters out.
    await server.close()
    const store = await openStore({ databaseUrl: database.url, schema: 'counters', poolSize: 1, extraDdl: [] })
    const [row] = await store.query(`select deadlocks from pg_stat_database where datname = current_database()`)
    await store.close()
    server = await startServer(database.url)
    expect(row).toEqual({ deadlocks: '0' })
  })
})
