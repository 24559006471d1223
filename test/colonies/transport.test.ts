import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ColoniesClient, createFetchTransport, createHttpTransport, type Transport } from '../../src/colonies/index.ts'
import { envelope, ReplayServer, sendAnswer } from './replay-server.ts'
import { messageOf, processText, testKey } from './samples.ts'

let server: ReplayServer
let url: string
const clients: ColoniesClient[] = []

const kinds = {
  http: (limitBytes?: number): Transport => createHttpTransport({ url: `${url}/api`, maxResponseBytes: limitBytes }),
  fetch: (limitBytes?: number): Transport => createFetchTransport({ url: `${url}/api`, maxResponseBytes: limitBytes }),
} as const

const clientOver = (transport: Transport): ColoniesClient => {
  const client = new ColoniesClient({ transport, privateKey: testKey })
  clients.push(client)
  return client
}

beforeEach(async () => {
  server = new ReplayServer()
  url = await server.start()
})
afterEach(async () => {
  for (const client of clients.splice(0)) client.close()
  await server.stop()
})

describe.each(['http', 'fetch'] as const)('over %s', (kind) => {
  it('reuses one connection for calls one after the other', async () => {
    server.handler = (_body, response) => sendAnswer(response, { status: 200, body: envelope('getusersmsg', 'null') })
    const client = clientOver(kinds[kind]())
    for (let call = 0; call < 20; call++) expect(await client.getUsers('dev')).toEqual([])
    expect(server.requests).toBe(20)
    // The pool of fetch may open a second one while it tidies up after the first call.
    expect(server.connections).toBeLessThanOrEqual(kind === 'http' ? 1 : 2)
  })

  it('times out when the server never answers', async () => {
    const gone = Promise.withResolvers<void>()
    server.handler = (_body, _response, request) => {
      request.socket.on('close', () => gone.resolve())
    }
    const startMs = performance.now()
    await expect(clientOver(kinds[kind]()).getUsers('dev', { deadlineMs: 200 })).rejects.toMatchObject({
      kind: 'timeout',
      outcome: 'unknown',
    })
    expect(performance.now() - startMs).toBeLessThan(2000)
    await gone.promise
  })

  it('times out when the body stalls, and drops the connection', async () => {
    const gone = Promise.withResolvers<void>()
    server.handler = (_body, response, request) => {
      request.socket.on('close', () => gone.resolve())
      response.writeHead(200, { 'content-length': 1000 })
      response.write('{"payloadtype":')
    }
    const startMs = performance.now()
    await expect(clientOver(kinds[kind]()).getUsers('dev', { deadlineMs: 200 })).rejects.toMatchObject({
      kind: 'timeout',
    })
    expect(performance.now() - startMs).toBeLessThan(2000)
    await gone.promise
  })

  it('times out when the body drips', async () => {
    server.handler = (_body, response) => {
      response.writeHead(200)
      const timer = setInterval(() => response.write(' '), 20)
      response.on('close', () => clearInterval(timer))
    }
    await expect(clientOver(kinds[kind]()).getUsers('dev', { deadlineMs: 200 })).rejects.toMatchObject({
      kind: 'timeout',
    })
  })

  it('is unavailable when the connection is cut before, or inside, the reply', async () => {
    const client = clientOver(kinds[kind]())
    server.handler = (_body, _response, request) => {
      request.socket.destroy()
    }
    await expect(client.getUsers('dev')).rejects.toMatchObject({ kind: 'unavailable', outcome: 'unknown' })
    server.handler = (_body, response, request) => {
      response.writeHead(200, { 'content-length': 1000 })
      response.write('{"payloadtype":', () => request.socket.destroy())
    }
    await expect(client.getUsers('dev')).rejects.toMatchObject({ kind: 'unavailable', outcome: 'unknown' })
  })

  it('knows that a refused connection changed nothing', async () => {
    const client = clientOver(kinds[kind]())
    await server.stop()
    await expect(client.getUsers('dev')).rejects.toMatchObject({ kind: 'unavailable', outcome: 'not_applied' })
    server = new ReplayServer()
    await server.start()
  })

  it('stops when the caller aborts: before, and in flight', async () => {
    const client = clientOver(kinds[kind]())
    const reason = new Error('shutdown')
    await expect(client.getUsers('dev', { signal: AbortSignal.abort(reason) })).rejects.toMatchObject({
      kind: 'aborted',
      outcome: 'not_applied',
      cause: reason,
    })
    expect(server.requests).toBe(0)
    const controller = new AbortController()
    const gone = Promise.withResolvers<void>()
    server.handler = (_body, _response, request) => {
      request.socket.on('close', () => gone.resolve())
      controller.abort(reason)
    }
    await expect(client.getUsers('dev', { signal: controller.signal })).rejects.toMatchObject({
      kind: 'aborted',
      outcome: 'unknown',
      cause: reason,
    })
    await gone.promise
  })

  it('carries 5 MB there and back', async () => {
    server.handler = (body, response) => {
      const { spec } = messageOf(body) as { spec: { args: string[] } }
      const text = processText({ in: spec.args })
      sendAnswer(response, { status: 200, body: envelope('submitfuncspecmsg', text) })
    }
    const big = 'å'.repeat(2_500_000)
    const process = await clientOver(kinds[kind]()).submitFunctionSpec({
      funcname: 'f',
      args: [big],
      conditions: { colonyname: 'dev', executortype: 'worker' },
    })
    expect(process.in[0] === big).toBe(true)
  })

  it('refuses a reply above its limit', async () => {
    server.handler = (_body, response) => sendAnswer(response, { status: 200, body: 'x'.repeat(20_000) })
    await expect(clientOver(kinds[kind](10_000)).getUsers('dev')).rejects.toMatchObject({
      kind: 'malformed',
      message: expect.stringContaining('10000 bytes'),
    })
  })

  it('does not follow a redirect', async () => {
    server.handler = (_body, response) => {
      response.writeHead(307, { location: `${url}/elsewhere` })
      response.end()
    }
    await expect(clientOver(kinds[kind]()).getUsers('dev')).rejects.toMatchObject({ kind: 'malformed' })
    expect(server.requests).toBe(1)
  })
})

describe('the client', () => {
  it('keeps its deadline with a transport that ignores the signal', async () => {
    const client = clientOver(() => new Promise(() => {}))
    await expect(client.getUsers('dev', { deadlineMs: 30 })).rejects.toMatchObject({ kind: 'timeout' })
  })

  it.each([0, -5, Number.NaN])('sends nothing when the deadline is %d ms', async (deadlineMs) => {
    await expect(clientOver(kinds.http()).getUsers('dev', { deadlineMs })).rejects.toMatchObject({
      kind: 'timeout',
      outcome: 'not_applied',
    })
    expect(server.requests).toBe(0)
  })

  it('can have a deadline further away than a timer reaches', async () => {
    server.handler = (_body, response) => {
      setTimeout(() => sendAnswer(response, { status: 200, body: envelope('getusersmsg', '[]') }), 30)
    }
    const client = clientOver(kinds.http())
    expect(await client.getUsers('dev', { deadlineMs: Number.POSITIVE_INFINITY })).toEqual([])
  })

  it('refuses addresses and idle times that cannot work', () => {
    expect(() => createHttpTransport({ url: 'ftp://host/' })).toThrow(TypeError)
    expect(() => createHttpTransport({ url, idleTimeoutMs: 120_000 })).toThrow(TypeError)
    expect(() => new ColoniesClient({})).toThrow(TypeError)
  })

  it('takes host and port, or an address with a path', async () => {
    const paths: (string | undefined)[] = []
    server.handler = (_body, response, request) => {
      paths.push(request.url)
      sendAnswer(response, { status: 200, body: envelope('getusersmsg', '[]') })
    }
    const { hostname, port } = new URL(url)
    for (const options of [{ host: hostname, port: Number(port), tls: false }, { url }, { url: `${url}/broker/` }]) {
      const client = new ColoniesClient({ ...options, privateKey: testKey })
      clients.push(client)
      await client.getUsers('dev')
    }
    expect(paths).toEqual(['/api', '/api', '/broker/api'])
  })
})
