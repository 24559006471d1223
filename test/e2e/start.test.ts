import { execFile } from 'node:child_process'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { compactVerify, createLocalJWKSet, type JSONWebKeySet } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkoutOf, eventOf, subscriptionOf } from '../bees/finance/stripe-events.ts'
import { allGone, freshDataDir, type HiveProcess, removeDataDir, runBees, startHiveProcess } from '../support/hive.ts'
import { adminQuery, until } from '../support/index.ts'
import { stripeClient } from '../support/stripe-client.ts'

const user = '11111111-2222-4333-8444-555555555555'
const customer = 'cus_startTest'
const subscription = 'sub_startTest'
const signup = eventOf('checkout.session.completed', checkoutOf({ id: 'cs_start', customer, subscription, user }))
const begun = eventOf('customer.subscription.created', subscriptionOf({ id: subscription, customer }))

let dataDir: string
let hive: HiveProcess

beforeAll(async () => {
  dataDir = await freshDataDir()
  hive = await startHiveProcess({ dataDir })
  console.info(`first boot to ready: ${Math.round(hive.bootMs)} ms`)
})

afterAll(async () => {
  await hive?.close()
  await removeDataDir(dataDir)
})

const rows = (sql: string, values: readonly unknown[] = []) => adminQuery(hive.env.DATABASE_URL ?? '', sql, values)

async function deliver(event: typeof signup): Promise<string> {
  const stripe = stripeClient(hive.url, hive.env.STRIPE_WEBHOOK_SECRET ?? '', 1)
  const { status, body } = await stripe.post(event)
  stripe.close()
  expect({ status, body }).toMatchObject({ status: 200, body: { status: 'queued' } })
  return String(body.process)
}

const closed = (process: string) =>
  until(async () => (await rows('select 1 from bees.receipts where process = $1', [process])).length > 0, {
    timeoutMs: 15_000,
    what: `the receipt of ${process}`,
  })

describe('a hive in a fresh folder', () => {
  it('writes settings that a shell can source and nobody else can read', async () => {
    const path = join(dataDir, 'local.env')
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    const { stdout } = await promisify(execFile)('sh', ['-c', `. '${path}'; env`], { env: { PATH: process.env.PATH } })
    const told = Object.fromEntries(stdout.split('\n').map((line) => [line.split('=')[0], line.replace(/^[^=]*=/, '')]))
    expect(told).toMatchObject(hive.env)
    expect(Object.keys(hive.env)).toEqual(
      expect.arrayContaining([
        ...['COLONIES_SERVER_HOST', 'COLONIES_SERVER_PORT', 'COLONIES_SERVER_TLS', 'COLONIES_TLS'],
        ...['COLONIES_COLONY_NAME', 'COLONIES_COLONY_PRVKEY', 'COLONIES_PRVKEY', 'SUPABASE_URL', 'SUPABASE_SECRET_KEY'],
        ...['STRIPE_WEBHOOK_SECRET', 'STRIPE_API_URL', 'STRIPE_SECRET_KEY', 'DATABASE_URL', 'BEES_URL'],
      ]),
    )
    expect(told.BEES_URL).toBe(hive.url)
  })

  it.each([
    ['/', 200, /^text\/html/, 'finance'],
    ['/metrics', 200, /^text\/plain/, 'bees_build_info'],
    ['/status.json', 200, /^application\/json/, '"ready":true'],
    ['/livez', 200, /./, ''],
    ['/readyz', 200, /./, ''],
    ['/startupz', 200, /./, ''],
    ['/.well-known/jwks.json', 200, /^application\/json/, '"crv":"Ed25519"'],
    ['/no-such-page', 404, /./, ''],
  ])('serves %s with %i', async (path, status, type, text) => {
    const reply = await fetch(hive.url + path)
    expect(reply.status).toBe(status)
    expect(reply.headers.get('content-type') ?? 'none').toMatch(type)
    expect(reply.headers.get('x-content-type-options')).toBe('nosniff')
    expect(await reply.text()).toContain(text)
  })

  it('turns signed webhooks into rows, each once', async () => {
    const first = await deliver(signup)
    await closed(first)
    for (const process of await Promise.all([deliver(begun), deliver(begun), deliver(begun)])) await closed(process)
    const id = begun.id
    expect(
      await rows('select user_id, entitled, status from finance.user_profiles where user_id = $1', [user]),
    ).toEqual([{ user_id: user, entitled: true, status: 'active' }])
    expect(await rows('select id from finance.subscriptions where customer = $1', [customer])).toEqual([
      { id: subscription },
    ])
    expect(await rows('select state from finance.events where id = $1', [id])).toEqual([{ state: 'applied' }])
    expect(await rows(`select count(*)::int as n from bees.ledger where key = $1`, [`self:false:${id}`])).toEqual([
      { n: 1 },
    ])
  })

  it('refuses a webhook with a signature of somebody else', async () => {
    const stripe = stripeClient(hive.url, 'whsec_of_somebody_else', 1)
    const { status, body } = await stripe.post(eventOf('invoice.paid', {}))
    stripe.close()
    expect({ status, code: body.code }).toEqual({ status: 400, code: 'BEE_WEBHOOK_SIGNATURE' })
  })
})

describe('a receipt of the hive', () => {
  let receipt: string
  let keys: string
  let process: string

  beforeAll(async () => {
    const [row] = await rows('select process, jws from bees.receipts order by seq limit 1')
    process = String(row?.process)
    receipt = join(dataDir, 'receipt.jws')
    keys = join(dataDir, 'keys.json.public')
    await writeFile(receipt, String(row?.jws))
    await writeFile(keys, await (await fetch(`${hive.url}/.well-known/jwks.json`)).text())
  })

  it('is valid by `bees verify <process id>`', async () => {
    const { code, out } = await runBees(['verify', process], { dataDir })
    expect(out).toContain(process)
    expect({ code, last: out.trim().split('\n').at(-1) }).toEqual({ code: 0, last: 'valid' })
  })

  it('is valid offline', async () => {
    const { code, out } = await runBees(['verify', '--receipt', receipt, '--keys', keys])
    expect({ code, last: out.trim().split('\n').at(-1) }).toEqual({ code: 0, last: 'valid' })
  })

  it('is accepted by jose with the served keys', async () => {
    const jwks = JSON.parse(await readFile(keys, 'utf8')) as JSONWebKeySet
    const { payload, protectedHeader } = await compactVerify(await readFile(receipt, 'utf8'), createLocalJWKSet(jwks))
    expect(protectedHeader).toMatchObject({ alg: 'EdDSA', typ: 'bee-receipt+jwt' })
    expect(JSON.parse(new TextDecoder().decode(payload))).toMatchObject({ process, bee: 'finance', outcome: 'applied' })
  })

  it('is refused with the reason when one claim was altered', async () => {
    const [header, payload, signature] = (await readFile(receipt, 'utf8')).split('.')
    const claims = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString()) as Record<string, unknown>
    const forged = Buffer.from(JSON.stringify({ ...claims, task: 'another_task' })).toString('base64url')
    const path = join(dataDir, 'forged.jws')
    await writeFile(path, [header, forged, signature].join('.'))
    const { code, out } = await runBees(['verify', '--receipt', path, '--keys', keys])
    expect(code).toBe(1)
    expect(out).toMatch(/BEE_RECEIPT_SIGNATURE/)
    expect(out.trim().split('\n').at(-1)).toBe('not valid')
  })

  it('is refused with the reason when the ledger says something else', async () => {
    const id = 'f'.repeat(64)
    const { code, out } = await runBees(['verify', id], { dataDir })
    expect(code).toBe(1)
    expect(out).toMatch(/BEE_RECEIPT_NOT_FOUND/)
  })

  it('is refused with the reason when its key is not among those given', async () => {
    const path = join(dataDir, 'no-keys.json')
    await writeFile(path, '{"keys":[]}')
    const { code, out, err } = await runBees(['verify', '--receipt', receipt, '--keys', path])
    expect(code).toBe(1)
    expect(out + err).toMatch(/BEE_RECEIPT_KEY|key/i)
  })
})

describe('the end of a hive', () => {
  it('comes with SIGTERM: exit code 0, no process left, and the folder starts again', async () => {
    const children = await hive.descendants()
    expect(children.length).toBeGreaterThanOrEqual(4)
    const beganMs = performance.now()
    expect(await hive.sigterm()).toBe(0)
    await allGone(children)
    console.info(`SIGTERM to the end of all processes, idle: ${Math.round(performance.now() - beganMs)} ms`)
    expect(performance.now() - beganMs).toBeLessThan(10_000)
    hive = await startHiveProcess({ dataDir })
    console.info(`second boot to ready: ${Math.round(hive.bootMs)} ms`)
    expect(await rows('select count(*)::int as n from finance.subscriptions')).toEqual([{ n: 1 }])
  })

  it('comes with Ctrl-C to the whole group', async () => {
    const children = await hive.descendants()
    expect(await hive.interrupt()).toBe(0)
    expect(hive.logs()).not.toContain('ended unexpectedly')
    await allGone(children)
    hive = await startHiveProcess({ dataDir })
  })

  it('comes with kill -9, after which the same folder starts again', async () => {
    const children = await hive.descendants()
    await hive.kill9()
    const again = await startHiveProcess({ dataDir })
    console.info(`kill -9 while idle, boot to ready: ${Math.round(again.bootMs)} ms`)
    await allGone(children)
    hive = again
    expect(await rows('select count(*)::int as n from finance.subscriptions')).toEqual([{ n: 1 }])
  })
})
