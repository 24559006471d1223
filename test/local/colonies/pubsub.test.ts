import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'

import type { ColoniesServer } from '../../../src/local/colonies/index.ts'
import { createEmptyDatabase, type TestDatabase, until } from '../../support/index.ts'
import {
  addExecutor,
  ask,
  call,
  closeCode,
  envelopeOf,
  nextFrame,
  node,
  openSocket,
  populate,
  roleOf,
  startServer,
} from './call-server.ts'

interface Process {
  readonly processid: string
  readonly state: number
}

const assign = { colonyname: 'dev', timeout: -1 }

describe('the WebSocket of the local Colonies server', () => {
  let database: TestDatabase
  let server: ColoniesServer
  let schemas = 0

  const submit = (channels?: readonly string[]) =>
    ask<Process>(server, 'user', 'submitfuncspecmsg', {
      spec: node('', 'type-a', channels === undefined ? {} : { channels }),
    })
  const subscribe = (socket: WebSocket, processid: string, state: number, timeout = 60) =>
    socket.send(envelopeOf('user', 'subscribeprocessmsg', { processid, executortype: '', state, timeout }))
  const follow = (socket: WebSocket, processid: string, timeout = 60) =>
    socket.send(envelopeOf('user', 'subscribechannelmsg', { processid, name: 'out', afterseq: 0, timeout }))
  /** Resolves when the server has handled all frames sent so far. */
  const settled = async (socket: WebSocket, processid: string) => {
    const answered = nextFrame(socket)
    subscribe(socket, processid, 0)
    await answered
  }

  beforeAll(async () => {
    database = await createEmptyDatabase()
  })
  beforeEach(async () => {
    server = await startServer(database.url, { schema: `pubsub${schemas++}` })
    await populate(server)
  })
  afterEach(() => server.close())
  afterAll(() => database.drop())

  it('ends every socket with 1006 when the server closes', async () => {
    const { processid } = await submit(['out'])
    const sockets = await Promise.all(Array.from({ length: 8 }, () => openSocket(server)))
    const codes = Promise.all(sockets.map(closeCode))
    for (const [index, socket] of sockets.entries()) {
      if (index % 4 === 0) continue
      await settled(socket, processid)
      if (index % 4 === 1) subscribe(socket, processid, 2)
      if (index % 4 === 2) follow(socket, processid)
    }
    const poll = call(server, 'executorB', 'assignprocessmsg', { ...assign, timeout: 60 }).catch(() => 'cut')
    await server.close()
    expect(await codes).toEqual(sockets.map(() => 1006))
    await poll
    await expect(openSocket(server)).rejects.toThrow()
  })

  it('keeps no process alive: timers, sockets and connections end with close()', async () => {
    const module = new URL('../../../src/local/colonies/index.ts', import.meta.url)
    const helpers = new URL('./call-server.ts', import.meta.url)
    const script = `
      import { startServer, populate, ask, node, openSocket, envelopeOf, nextFrame } from '${helpers.href}'
      await import('${module.href}')
      const server = await startServer(${JSON.stringify(database.url)}, { schema: 'child' })
      await populate(server)
      const { processid } = await ask(server, 'user', 'submitfuncspecmsg', { spec: node('', 'type-a', { channels: ['out'] }) })
      const socket = await openSocket(server)
      const frame = nextFrame(socket)
      const request = { processid, executortype: '', state: 0, timeout: 3600 }
      socket.send(envelopeOf('user', 'subscribeprocessmsg', request))
      await frame
      socket.send(envelopeOf('user', 'subscribechannelmsg', { processid, name: 'out', afterseq: 0, timeout: 3600 }))
      await server.close()
      process.stdout.write('closed')
    `
    const args = ['--input-type=module', '--disable-warning=ExperimentalWarning', '-e', script]
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 20_000 })
    expect(stdout).toBe('closed')
  })

  it('carries many subscriptions on one socket and drops them with it', async () => {
    const warned = vi.fn()
    process.on('warning', warned)
    const { processid } = await submit()
    const socket = await openSocket(server)
    const frames: unknown[] = []
    socket.on('message', (data) => frames.push(data))
    for (let index = 0; index < 50; index += 1) subscribe(socket, processid, 1)
    await settled(socket, processid)
    await ask(server, 'executorA', 'assignprocessmsg', assign)
    await until(() => frames.length === 51)
    const gone = closeCode(socket)
    socket.close()
    await gone
    await ask(server, 'executorA', 'closesuccessfulmsg', { processid, out: [] })
    process.off('warning', warned)
    expect(warned).not.toHaveBeenCalled()
  })

  it('does not miss a change between subscription and first look', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { processid } = await submit()
      const socket = await openSocket(server)
      const frame = nextFrame<Process>(socket)
      subscribe(socket, processid, 1, 5)
      await ask(server, 'executorA', 'assignprocessmsg', assign)
      expect(await frame).toMatchObject({ processid, state: 1 })
      socket.terminate()
    }
  })

  it('shows the processes of a type only to executors of their colony', async () => {
    await ask(server, 'serverOwner', 'addcolonymsg', { colony: { colonyid: roleOf('colonyOwner2').id, name: 'other' } })
    await addExecutor(server, 'other', 'colonyOwner2', 'D')
    const [spy, member] = await Promise.all([openSocket(server), openSocket(server)])
    const seen = vi.fn()
    spy.on('message', seen)
    const request = { colonyname: 'dev', executortype: 'type-a', state: 0, timeout: 60 }
    spy.send(envelopeOf('executorD', 'subscribeprocessesmsg', request))
    member.send(envelopeOf('executorB', 'subscribeprocessesmsg', request))
    // An unknown process is answered with an error frame: then the frame before it has been handled.
    const errors = [spy, member].map((socket) => nextFrame(socket))
    for (const socket of [spy, member]) subscribe(socket, 'f'.repeat(64), 0)
    expect(await Promise.all(errors)).toMatchObject([{ status: 403 }, { status: 403 }])
    seen.mockClear()
    const frame = nextFrame<Process>(member)
    const { processid } = await submit()
    expect(await frame).toMatchObject({ processid })
    expect(seen).not.toHaveBeenCalled()
  })

  it('ends a channel with its process and then takes the next frame', async () => {
    const { processid } = await submit(['out'])
    await ask(server, 'executorA', 'assignprocessmsg', assign)
    const socket = await openSocket(server)
    const entry = nextFrame(socket)
    follow(socket, processid)
    await ask(server, 'executorA', 'channelappendmsg', { processid, name: 'out', sequence: 1, payload: 'eA==' })
    expect(await entry).toMatchObject([{ sequence: 1, payload: 'eA==', type: 'data' }])
    const answered = nextFrame<Process>(socket)
    subscribe(socket, processid, 2)
    await ask(server, 'executorA', 'closesuccessfulmsg', { processid, out: [] })
    expect(await answered).toMatchObject({ processid, state: 2 })
  })

  it('refuses channels beyond the hundredth and keys other than the two parties', async () => {
    const names = Array.from({ length: 101 }, (_, index) => `c${index}`)
    const { processid } = await submit(names)
    const answers = await Promise.all(
      names.map((name) => call(server, 'user', 'channelappendmsg', { processid, name, sequence: 1, payload: '' })),
    )
    expect(answers.map((answer) => answer.status).filter((status) => status !== 200)).toEqual([500])
    for (const role of ['executorA', 'executorB', 'colonyOwner', 'serverOwner', 'stranger']) {
      const append = { processid, name: 'c0', sequence: 1, payload: '' }
      expect((await call(server, role, 'channelappendmsg', append)).status, role).toBe(403)
    }
    const bad = { processid, name: 'c0', sequence: 1, payload: [256] }
    expect((await call(server, 'user', 'channelappendmsg', bad)).status).toBe(400)
    expect((await call(server, 'user', 'channelappendmsg', { ...bad, payload: 'no base64!' })).status).toBe(400)
  })

  it('drops the socket instead of its next frame when that fault is switched on', async () => {
    const { processid } = await submit()
    const socket = await openSocket(server)
    server.faults.inject({ kind: 'ws_drop' })
    const code = closeCode(socket)
    subscribe(socket, processid, 0)
    expect(await code).toBe(1006)
  })

  it.each([
    ['garbage', 'hello'],
    ['null', 'null'],
    ['an array', '[]'],
    ['a forged signature', envelopeOf('user', 'subscribeprocessmsg', {}).replace(/"signature":"../, '"signature":"zz')],
  ])('ends a socket that sends %s', async (_what, frame) => {
    const socket = await openSocket(server)
    const code = closeCode(socket)
    socket.send(frame)
    expect(await code).toBe(1006)
  })

  it('upgrades nothing but /pubsub', async () => {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/elsewhere`)
    const thrown = await new Promise<Error>((resolve) => socket.once('error', resolve))
    expect(thrown.message).toContain('404')
  })
})
