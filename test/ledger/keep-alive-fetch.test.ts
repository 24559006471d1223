import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createKeepAliveFetch } from '../../src/ledger/keep-alive-fetch.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** What the server says, by path. */
const answers: Readonly<Record<string, Answer>> = {
  '/echo': (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      response.setHeader('content-type', 'application/json; charset=utf-8').setHeader('retry-after', '7')
      const { method, headers } = request
      response.end(JSON.stringify({ method, key: headers['apikey'], body: Buffer.concat(chunks).toString() }))
    })
  },
  '/empty-404': (_request, response) => response.writeHead(404).end(),
  '/204': (_request, response) => response.writeHead(204).end(),
  '/html-502': (_request, response) => response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>bad</h1>'),
  '/redirect': (_request, response) => response.writeHead(302, { location: '/echo' }).end(),
  '/cut': (_request, response) => {
    response.writeHead(200, { 'content-length': 100 })
    response.write('half', () => response.destroy())
  },
  '/stall': (_request, response) => {
    response.writeHead(200, { 'content-length': 100 })
    response.write('half')
  },
}

let connections = 0
const closed: string[] = []
const server = createServer((request, response) => {
  response.once('close', () => closed.push(request.url ?? ''))
  answers[request.url ?? '']?.(request, response)
}).on('connection', () => {
  connections += 1
})
const url = (path: string): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`
const send = createKeepAliveFetch()
const post = {
  method: 'POST',
  body: '{"é":1}',
  headers: new Headers({ apikey: 'k', 'content-type': 'application/json' }),
}

beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening')
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

describe('the ledger’s fetch', () => {
  it.each(['/echo', '/empty-404', '/204', '/html-502', '/redirect'])(
    'answers %s as the global one does',
    async (path) => {
      const [ours, theirs] = [await send(url(path), post), await fetch(url(path), { ...post, redirect: 'manual' })]
      expect(ours.status).toBe(theirs.status)
      for (const name of ['content-type', 'retry-after', 'location']) {
        expect(ours.headers.get(name)).toBe(theirs.headers.get(name))
      }
      expect(await ours.text()).toBe(await theirs.text())
    },
  )

  it('keeps the connection', async () => {
    await send(url('/echo'), post)
    const before = connections
    for (let calls = 0; calls < 5; calls += 1) await send(url('/echo'), post)
    expect(connections).toBe(before)
  })

  it('rejects when the connection is cut inside the reply', async () => {
    await expect(send(url('/cut'), post)).rejects.toThrow()
  })

  it('ends with its signal, in the body as well, and drops the connection', async () => {
    const before = closed.filter((path) => path === '/stall').length
    await expect(send(url('/stall'), { ...post, signal: AbortSignal.timeout(50) })).rejects.toThrow()
    await expect.poll(() => closed.filter((path) => path === '/stall').length).toBe(before + 1)
  })

  it('rejects where nobody listens, with the code of the socket', async () => {
    await expect(send('http://127.0.0.1:1/', post)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })
})
