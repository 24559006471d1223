import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { type HttpOptions, type HttpServer, startHttp } from '../../src/http/index.ts'
import { silentLog } from '../../src/telemetry/index.ts'
import { emptyStatus } from './status.ts'

const open: HttpServer[] = []
const children: ChildProcess[] = []

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await Promise.all(open.splice(0).map((server) => server.close(0)))
})

async function start(options: Partial<HttpOptions> = {}): Promise<{ server: HttpServer; url: string }> {
  const server = await startHttp({
    host: '127.0.0.1',
    port: 0,
    log: silentLog,
    metrics: { render: async () => 'bees_test 1\n' },
    status: () => emptyStatus,
    jwks: async () => ({ keys: [{ kid: 'k' }] }),
    ...options,
  })
  open.push(server)
  return { server, url: `http://127.0.0.1:${server.port}` }
}

describe('the HTTP server', () => {
  it('serves the routes with security headers', async () => {
    const { url } = await start()
    const page = await fetch(url)
    expect(page.status).toBe(200)
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(page.headers.get('x-content-type-options')).toBe('nosniff')
    const html = await page.text()
    expect(html).toContain('greeter')
    expect(html).not.toContain('<b>dev</b></b>')
    expect(html).toContain('&#60;b&#62;dev')
    expect(await (await fetch(`${url}/metrics`)).text()).toBe('bees_test 1\n')
    expect(await (await fetch(`${url}/.well-known/jwks.json`)).json()).toEqual({ keys: [{ kid: 'k' }] })
    expect(await (await fetch(`${url}/status.json`)).json()).toMatchObject({ ready: true })
  })

  it('answers 404 for what it does not know, the webhook included when none is configured', async () => {
    const { url } = await start()
    expect((await fetch(`${url}/nothing`)).status).toBe(404)
    expect((await fetch(`${url}/webhooks/stripe`, { method: 'POST', body: '{}' })).status).toBe(404)
  })

  it('tells the probes what the hive says of itself', async () => {
    const { server, url } = await start()
    expect((await fetch(`${url}/livez`)).status).toBe(200)
    expect((await fetch(`${url}/startupz`)).status).toBe(503)
    expect((await fetch(`${url}/readyz`)).status).toBe(503)
    server.setReadiness({ started: true, ready: true, reasons: [] })
    await expect.poll(async () => (await fetch(`${url}/readyz`)).status).toBe(200)
    expect((await fetch(`${url}/startupz`)).status).toBe(200)
    server.setReadiness({ started: true, ready: false, reasons: ['draining'] })
    await expect.poll(async () => (await fetch(`${url}/readyz`)).json()).toEqual({ ok: false, reasons: ['draining'] })
    expect((await fetch(`${url}/livez`, { method: 'POST' })).status).toBe(405)
  })

  it('passes a body of megabytes on, byte for byte', async () => {
    const body = Buffer.alloc(5_000_000, 'x')
    const { url } = await start({
      stripeWebhook: async (request) => Response.json({ bytes: (await request.arrayBuffer()).byteLength }),
    })
    const reply = await fetch(`${url}/webhooks/stripe`, { method: 'POST', body })
    expect(await reply.json()).toEqual({ bytes: body.byteLength })
  })

  it('hides the reason of a failing route', async () => {
    const { url } = await start({ jwks: () => Promise.reject(new Error('SECRET')) })
    const reply = await fetch(`${url}/.well-known/jwks.json`)
    expect(reply.status).toBe(500)
    expect(await reply.text()).not.toContain('SECRET')
  })

  it('says which port is taken', async () => {
    const { server } = await start()
    await expect(start({ port: server.port })).rejects.toMatchObject({ code: 'BEE_PORT_IN_USE' })
  })

  it('lets a request in flight end when it closes', async () => {
    const entered = Promise.withResolvers<void>()
    const leave = Promise.withResolvers<void>()
    const { server, url } = await start({
      jwks: async () => {
        entered.resolve()
        await leave.promise
        return { keys: [] }
      },
    })
    open.length = 0
    const reply = fetch(`${url}/.well-known/jwks.json`)
    await entered.promise
    const closed = server.close(10_000)
    leave.resolve()
    expect((await reply).status).toBe(200)
    await closed
    await expect(fetch(url)).rejects.toThrow()
  })
})

describe('a blocked main loop', () => {
  it('is measured by the probes, not just timed out', async () => {
    const child = fork(new URL('./blocking-hive.ts', import.meta.url), { stdio: 'ignore' })
    children.push(child)
    const [{ port }] = (await once(child, 'message')) as [{ port: number }]
    const livez = async () => {
      const reply = await fetch(`http://127.0.0.1:${port}/livez`, { signal: AbortSignal.timeout(1000) })
      return { status: reply.status, age: ((await reply.json()) as { loop_age_ms: number }).loop_age_ms }
    }
    await expect.poll(async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200)
    const blocking = once(child, 'message')
    child.send(8000)
    await blocking
    await expect.poll(livez, { timeout: 6000, interval: 100 }).toMatchObject({ status: 503 })
    expect((await livez()).age).toBeGreaterThan(1000)
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200)
    expect(await once(child, 'message')).toEqual(['awake', undefined])
    await expect.poll(livez, { timeout: 3000 }).toMatchObject({ status: 200 })
  })
})
