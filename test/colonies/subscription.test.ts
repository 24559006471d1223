import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { WebSocket } from 'ws'
import { ColoniesClient, createFetchTransport, type Process, recoverIdentity } from '../../src/colonies/index.ts'
import { envelope, errorEnvelope, ReplayServer } from './replay-server.ts'
import { messageOf, processText, testKey } from './samples.ts'

let server: ReplayServer
let client: ColoniesClient
let url: string

const collect = () => {
  const processes: Process[] = []
  const errors: Error[] = []
  return {
    processes,
    errors,
    onProcess: (process: Process) => processes.push(process),
    onError: (error: Error) => errors.push(error),
  }
}

/** Waits for the first frame of the next socket. */
const nextSocket = (): Promise<{ socket: WebSocket; body: string }> =>
  new Promise((resolve) => {
    server.onSocket = (socket) => socket.once('message', (data) => resolve({ socket, body: String(data) }))
  })

beforeEach(async () => {
  server = new ReplayServer()
  url = await server.start()
  client = new ColoniesClient({ url, privateKey: testKey })
})
afterEach(async () => {
  client.close()
  await server.stop()
})

describe('a subscription', () => {
  it('sends its signed request, hands on events, and reports that the server cut it', async () => {
    const { processes, errors, onProcess, onError } = collect()
    const arrived = nextSocket()
    const closes: unknown[] = []
    const subscription = client.subscribeProcess('dev', 'p1', 2, 10, onProcess, onError, (event) => closes.push(event))
    const { socket, body } = await arrived
    expect(messageOf(body)).toEqual({
      colonyname: 'dev',
      processid: 'p1',
      executortype: '',
      state: 2,
      timeout: 10,
      msgtype: 'subscribeprocessmsg',
    })
    const { payload, signature } = JSON.parse(body) as { payload: string; signature: string }
    expect(recoverIdentity(payload, signature)).not.toBeNull()
    socket.send(envelope('subscribeprocessmsg', processText({ state: 2 })))
    socket.send(envelope('subscribeprocessmsg', processText({ state: 2 })))
    await expect.poll(() => processes.length).toBe(2)
    socket.terminate()
    expect(await subscription.closed).toEqual({ code: 1006, by: 'server' })
    expect(closes).toEqual([{ code: 1006, by: 'server' }])
    expect(errors).toEqual([])
  })

  it('reports error frames, garbage and foreign frames as errors and goes on', async () => {
    const { processes, errors, onProcess, onError } = collect()
    const arrived = nextSocket()
    const subscription = client.subscribeProcesses('dev', 'worker', 0, 10, onProcess, onError, () => {})
    const { socket } = await arrived
    socket.send(errorEnvelope(403))
    socket.send('garbage')
    socket.send(envelope('getusersmsg', '[]'))
    socket.send(envelope('subscribeprocessmsg', '{"processid":7}'))
    socket.send(envelope('subscribeprocessmsg', processText()))
    await expect.poll(() => processes.length).toBe(1)
    expect(errors).toMatchObject([
      { kind: 'forbidden', status: 403 },
      { kind: 'malformed' },
      { kind: 'malformed' },
      { kind: 'malformed' },
    ])
    subscription.close()
    expect((await subscription.closed).by).toBe('client')
  })

  it('of a channel hands on entries, and the empty list at the timeout', async () => {
    const lists: (string | null)[][] = []
    const arrived = nextSocket()
    const subscription = client.subscribeChannel(
      'p1',
      'c',
      0,
      1,
      (entries) => lists.push(entries.map((entry) => entry.text)),
      () => {},
      () => {},
    )
    const { socket } = await arrived
    const entry = { sequence: 1, timestamp: '2026-01-01T00:00:00Z', senderid: 's', payload: 'aGVq', type: '' }
    socket.send(envelope('subscribechannelmsg', JSON.stringify([entry])))
    socket.send(envelope('subscribechannelmsg', '[]'))
    await expect.poll(() => lists).toEqual([['hej'], []])
    subscription.close()
    await subscription.closed
  })

  it('ends with the signal of its caller', async () => {
    const { onProcess, onError, errors } = collect()
    const controller = new AbortController()
    const arrived = nextSocket()
    const subscription = client.subscribeProcess('dev', 'p', 2, 10, onProcess, onError, () => {}, {
      signal: controller.signal,
    })
    await arrived
    controller.abort()
    expect((await subscription.closed).by).toBe('client')
    const late = client.subscribeProcess('dev', 'p', 2, 10, onProcess, onError, () => {}, { signal: controller.signal })
    expect((await late.closed).by).toBe('client')
    expect(errors).toEqual([])
  })

  it('reports a server that is not there', async () => {
    await server.stop()
    const { onProcess, onError, errors } = collect()
    const subscription = client.subscribeProcess('dev', 'p', 2, 10, onProcess, onError, () => {})
    expect(await subscription.closed).toMatchObject({ code: 1006, by: 'server' })
    expect(errors).toMatchObject([{ kind: 'unavailable' }])
    server = new ReplayServer()
    await server.start()
  })

  it('needs the address of the server', () => {
    const other = new ColoniesClient({ transport: createFetchTransport({ url }), privateKey: testKey })
    const { onProcess, onError } = collect()
    expect(() => other.subscribeProcess('dev', 'p', 2, 1, onProcess, onError, () => {})).toThrow(/address/)
  })
})
