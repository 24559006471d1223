import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { ColoniesServer } from '../../../src/local/colonies/index.ts'
import { createEmptyDatabase, type TestDatabase, until } from '../../support/index.ts'
import { addExecutor, ask, call, node, populate, roleOf, startServer } from './call-server.ts'

interface Cron {
  readonly cronid: string
  readonly nextrun: string
  readonly lastrun: string
  readonly prevprocessgraphid: string
}

interface Process {
  readonly processid: string
  readonly processgraphid: string
  readonly in: unknown
  readonly spec: { readonly args: readonly unknown[]; readonly kwargs: unknown }
}

const settings = { cronCheckerPeriodMs: 20, generatorCheckerPeriodMs: 20 }
const unset = '0001-01-01T00:00:00Z'
const workflowspec = JSON.stringify({ colonyname: 'dev', functionspecs: [node('n', 'type-a')] })
const yearly = { colonyname: 'dev', cronexpression: '0 0 3 1 1 *', interval: -1, workflowspec }
const assign = { colonyname: 'dev', timeout: -1 }

describe('crons and generators', () => {
  let database: TestDatabase
  let server: ColoniesServer

  const addCron = (cron: Readonly<Record<string, unknown>>) => ask<Cron>(server, 'user', 'addcronmsg', { cron })
  const getCron = (cronid: string) => ask<Cron>(server, 'user', 'getcronmsg', { cronid })
  const take = (timeout = -1) => ask<Process>(server, 'executorA', 'assignprocessmsg', { ...assign, timeout })
  const close = ({ processid }: Process, out: readonly unknown[] = []) =>
    ask(server, 'executorA', 'closesuccessfulmsg', { processid, out })
  const restart = async () => {
    await server.close()
    server = await startServer(database.url, { settings })
  }

  beforeAll(async () => {
    database = await createEmptyDatabase()
    server = await startServer(database.url, { settings })
    await populate(server)
  })
  afterAll(async () => {
    await server.close()
    await database.drop()
  })

  it('keep their times and the outputs of their last run over a restart', async () => {
    const { cronid } = await addCron({ ...yearly, name: 'yearly' })
    await until(async () => (await getCron(cronid)).nextrun !== unset)
    await ask(server, 'user', 'runcronmsg', { cronid })
    await close(await take(), ['kept'])
    const before = await getCron(cronid)

    await restart()

    expect(await getCron(cronid)).toEqual(before)
    await ask(server, 'user', 'runcronmsg', { cronid })
    const process = await take()
    expect(process.in).toEqual(['kept'])
    await close(process)
    await ask(server, 'user', 'removecronmsg', { cronid })
  })

  it('fire after a restart, once for what was missed', async () => {
    const { cronid } = await addCron({ colonyname: 'dev', name: 'often', interval: 1, workflowspec })
    const due = await until(async () => Date.parse((await getCron(cronid)).nextrun.replace(unset, '')))
    await server.close()
    await until(() => Date.now() > due)
    server = await startServer(database.url, { settings })
    const process = await take(5)
    expect(process.processgraphid).toBe((await getCron(cronid)).prevprocessgraphid)
    await ask(server, 'user', 'removecronmsg', { cronid })
    await close(process)
    expect((await call(server, 'executorA', 'assignprocessmsg', assign)).status).toBe(404)
  })

  it('run once when ten callers start a waiting cron at the same moment', async () => {
    const { cronid } = await addCron({ ...yearly, name: 'single', waitforprevprocessgraph: true })
    // The first round opens the connections that the next ones meet on.
    for (let round = 0; round < 3; round += 1) {
      await Promise.all(Array.from({ length: 10 }, () => ask(server, 'user', 'runcronmsg', { cronid })))
      const process = await take()
      expect((await call(server, 'executorA', 'assignprocessmsg', assign)).status).toBe(404)
      await close(process)
    }
    await ask(server, 'user', 'removecronmsg', { cronid })
  })

  it('cannot start work in a colony of others', async () => {
    await ask(server, 'serverOwner', 'addcolonymsg', {
      colony: { colonyid: roleOf('colonyOwner2').id, name: 'foreign' },
    })
    await addExecutor(server, 'foreign', 'colonyOwner2', 'D')
    const cron = { ...yearly, colonyname: 'foreign', name: 'burglar' }
    expect((await call(server, 'executorD', 'addcronmsg', { cron })).status).toBe(403)
    const generator = { colonyname: 'foreign', name: 'burglar', workflowspec, trigger: 1, timeout: -1 }
    expect((await call(server, 'executorD', 'addgeneratormsg', { generator })).status).toBe(403)
    expect(await ask(server, 'executorD', 'getcronsmsg', { colonyname: 'foreign', count: 10 })).toEqual([])
  })

  it('stop producing when their initiator is gone, and disturb no other cron', async () => {
    const user = { colonyname: 'dev', userid: roleOf('user2').id, name: 'leaver', email: '', phone: '' }
    await ask(server, 'colonyOwner', 'addusermsg', { user })
    const cron = { colonyname: 'dev', interval: 1, workflowspec }
    const left = await ask<Cron>(server, 'user2', 'addcronmsg', { cron: { ...cron, name: 'left' } })
    await ask(server, 'colonyOwner', 'removeusermsg', { colonyname: 'dev', name: 'leaver' })
    const other = await addCron({ ...cron, name: 'other' })
    const process = await take(5)
    expect(process.processgraphid).toBe((await getCron(other.cronid)).prevprocessgraphid)
    expect((await getCron(left.cronid)).lastrun).toBe(unset)
    for (const { cronid } of [left, other]) await ask(server, 'user', 'removecronmsg', { cronid })
    await close(process)
    for (;;) {
      const { status, payload } = await call(server, 'executorA', 'assignprocessmsg', assign)
      if (status !== 200) break
      await close(payload as unknown as Process)
    }
  })

  it('bound what an absurd interval computes', async () => {
    const { cronid } = await addCron({ colonyname: 'dev', name: 'never', interval: 9e15, workflowspec })
    const cron = await until(async () => {
      const found = await getCron(cronid)
      return found.nextrun === unset ? undefined : found
    })
    expect(cron.nextrun).toMatch(/^2255-/)
    await ask(server, 'user', 'removecronmsg', { cronid })
  })

  it('pack arguments over a restart and fire once per full trigger', async () => {
    const generator = { colonyname: 'dev', name: 'batch', workflowspec, trigger: 3, timeout: -1 }
    const { generatorid } = await ask<{ readonly generatorid: string }>(server, 'user', 'addgeneratormsg', {
      generator,
    })
    const pack = (arg: string) => ask(server, 'user', 'packgeneratormsg', { generatorid, arg })
    for (const arg of ['1', '2']) await pack(arg)
    await restart()
    for (const arg of ['3', '4', '5', '6', '7']) await pack(arg)
    const runs = [await take(5), await take(5)]
    expect(runs.flatMap((run) => run.spec.args)).toEqual(['1', '2', '3', '4', '5', '6'])
    expect(await ask(server, 'user', 'getgeneratormsg', { generatorid })).toMatchObject({ queuesize: 1 })
    expect((await call(server, 'executorA', 'assignprocessmsg', assign)).status).toBe(404)
    for (const run of runs) await close(run)
    await ask(server, 'user', 'removegeneratormsg', { generatorid })
  })

  it.each([0, -1])('refuse a generator with the trigger %i', async (trigger) => {
    const generator = { colonyname: 'dev', name: 'bad', workflowspec, trigger, timeout: -1 }
    expect((await call(server, 'user', 'addgeneratormsg', { generator })).status).toBe(400)
  })
})
