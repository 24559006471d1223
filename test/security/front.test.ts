/** The attacker speaks raw HTTP to the public port: the front parses it, and the hive's own server parses it again. */

import { connect } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type HttpServer, startHttp } from '../../src/http/index.ts'
import { silentLog } from '../../src/telemetry/index.ts'
import { emptyStatus } from '../http/status.ts'

let server: HttpServer
/** What reached the hive behind the front. */
let seen: { readonly url: string; readonly body: string; readonly signature: string | null }[] = []

beforeAll(async () => {
  server = await startHttp({
    host: '127.0.0.1',
    port: 0,
    log: silentLog,
    metrics: { render: async () => '' },
    status: () => ({ ...emptyStatus, colony: '"><script>alert(1)</script>' }),
    jwks: async () => ({ keys: [] }),
    stripeWebhook: async (request) => {
      const signature = request.headers.get('stripe-signature')
      seen.push({ url: new URL(request.url).pathname, body: await request.text(), signature })
      return Response.json({})
    },
  })
})
afterAll(() => server.close(0))
beforeEach(() => {
  seen = []
})

/** Everything that comes back until the server closes, or falls silent after its answer. */
function raw(text: string): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    const socket = connect(server.port, '127.0.0.1', () => socket.write(text, 'latin1'))
    socket.setTimeout(500, () => socket.destroy())
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')))
  })
}

const statusesOf = (reply: string) => [...reply.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status))
const hook = 'POST /webhooks/stripe HTTP/1.1\r\nHost: a\r\n'
const second = 'POST /webhooks/stripe HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\nsmuggled'

test.each([
  ['both lengths', `${hook}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${second}`],
  ['both lengths, the other order', `${hook}Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n${second}`],
  ['two lengths', `${hook}Content-Length: 4\r\nContent-Length: 100\r\n\r\nabcd${second}`],
  ['a list of lengths', `${hook}Content-Length: 4, 4\r\n\r\nabcd${second}`],
  ['a signed length', `${hook}Content-Length: +4\r\n\r\nabcd${second}`],
  ['an encoding in other spelling', `${hook}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${second}`],
  ['a space before the colon', `${hook}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${second}`],
  ['a folded header', `${hook}Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n${second}`],
  ['bare line feeds', `${hook.replaceAll('\r', '')}Content-Length: 0\n\n${second}`],
  ['a chunk size with a sign', `${hook}Transfer-Encoding: chunked\r\n\r\n-1\r\nabc\r\n0\r\n\r\n${second}`],
])('no second request gets in behind one with %s', async (_name, text) => {
  expect(statusesOf(await raw(text))).toEqual([400])
  expect(seen.filter(({ body }) => body.includes('smuggled'))).toEqual([])
})

test.each([
  ['Connection: content-length', `${hook}Content-Length: 3\r\nConnection: close, content-length\r\n\r\nabc`],
  [
    'Connection: transfer-encoding',
    `${hook}Transfer-Encoding: chunked\r\nConnection: close, transfer-encoding\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
  ],
  ['an upgrade', `${hook}Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 3\r\n\r\nabc`],
  [
    'a trailer that would be a signature',
    `${hook}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n0\r\nstripe-signature: x\r\n\r\n`,
  ],
])('%s changes nothing: one request, its whole body, no header from elsewhere', async (_name, text) => {
  expect(statusesOf(await raw(text))).toEqual([200])
  expect(seen).toEqual([{ url: '/webhooks/stripe', body: 'abc', signature: null }])
})

const get = (target: string, host = 'a') => `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`

test.each([
  ['a tab', get('/\tx'), 400],
  ['bytes above ASCII', get('/\x80\xff'), 400],
  ['a control character', get('/\x01'), 400],
  ['a broken escape', get('/%zz'), 404],
  ['an address that is none', get('http://['), 400],
  ['a host that is none', get('/', ']a/b?c'), 400],
  ['a host above ASCII', get('/', '\xff'), 400],
  ['two slashes', get('//livez'), 404],
  ['an escaped letter', get('/%6civez'), 404],
  ['TRACE', get('/').replace('GET', 'TRACE'), 404],
  ['a header of 20 kB', get('/').replace('Host', `x: ${'a'.repeat(20_000)}\r\nHost`), 431],
  ['3000 headers', get('/').replace('Host', `${'x: 1\r\n'.repeat(3000)}Host`), 431],
])('%s is answered, and the front lives on', async (_name, text, status) => {
  expect(statusesOf(await raw(text))).toEqual([status])
  expect((await fetch(`http://127.0.0.1:${server.port}/livez`)).status).toBe(200)
})

test('CONNECT gets no tunnel', async () => {
  expect(await raw('CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: a\r\n\r\n')).not.toMatch(/^HTTP\/1\.1 2/)
})

test('a name from outside is text on the status page', async () => {
  const page = await (await fetch(`http://127.0.0.1:${server.port}/`)).text()
  expect(page).not.toContain('<script')
  expect(page).toContain('&#60;script&#62;')
})
