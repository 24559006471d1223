import { randomBytes } from 'node:crypto'
import finance from 'colony-bees/bees/finance'
import { stripeFunction } from 'colony-bees/stripe-function'
import Stripe from 'stripe'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generatePrivateKey, identityOf } from '../../src/colonies/index.ts'
import { startColoniesServer } from '../../src/local/colonies/index.ts'
import { prepareColony } from '../../src/local/colony.ts'
import { createWorld } from '../../src/local/stripe/index.ts'
import { generateSeed } from '../../src/trust/index.ts'
import { adminQuery, createDatabase, startTestGateway } from '../support/index.ts'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const secret = `whsec_${randomBytes(16).toString('hex')}`
const stack = new AsyncDisposableStack()
let url = ''
let env: Record<string, string> = {}

beforeAll(async () => {
  const database = stack.use(await createDatabase())
  const gateway = stack.use(await startTestGateway(database.url))
  const server = generatePrivateKey()
  const broker = await startColoniesServer({ databaseUrl: database.url, serverId: identityOf(server) })
  stack.defer(() => broker.close())
  const keys = { server: hex(server), colony: hex(generatePrivateKey()), submitter: hex(generatePrivateKey()) }
  const rest = { secret: '', publishable: '', receipt: '', envelope: '', stripe: '' }
  await prepareColony(broker.url, 'dev', { ...keys, ...rest })
  url = database.url
  env = {
    COLONIES_SERVER_HOST: broker.host,
    COLONIES_SERVER_PORT: String(broker.port),
    COLONIES_PRVKEY: keys.submitter,
    SUPABASE_URL: gateway.url,
    SUPABASE_SECRET_KEY: gateway.keys.service_role,
    STRIPE_WEBHOOK_SECRET: secret,
    BEES_SUBMITTER_KEY: generateSeed(),
    BEES_RECEIPT_KEY: generateSeed(),
    BEES_LOG_LEVEL: 'silent',
  }
})
afterAll(() => stack.disposeAsync())

async function delivery(seed: number, more: object = {}): Promise<Request> {
  const world = createWorld({ seed })
  world.actions.createCustomer()
  const payload = JSON.stringify({ ...world.events()[0]?.snapshot(), ...more })
  const signature = await Stripe.webhooks.generateTestHeaderStringAsync({ payload, secret })
  return new Request('https://example.test/hook', {
    method: 'POST',
    body: payload,
    headers: { 'stripe-signature': signature },
  })
}

describe('the webhook as a function of its own', () => {
  it('hands the event to the broker', async () => {
    const reply = await stripeFunction(env, [finance])(await delivery(1_000))
    expect(reply.status).toBe(200)
    expect(await reply.json()).toMatchObject({ status: 'queued', process: expect.stringMatching(/^[0-9a-f]{64}$/) })
  })

  it('goes to the database when the broker is away, once however often it comes', async () => {
    const handle = stripeFunction({ ...env, COLONIES_SERVER_PORT: '9' }, [finance])
    const statuses = []
    for (let count = 0; count < 4; count += 1) {
      const reply = await handle(await delivery(2_000))
      expect(reply.status).toBe(200)
      statuses.push(((await reply.json()) as { status: string }).status)
    }
    expect(statuses).toEqual(['applied', 'replayed', 'replayed', 'replayed'])
    const rows = await adminQuery(url, "select outcome from bees.receipts where executor like 'direct%' order by seq")
    expect(rows.map(({ outcome }) => outcome)).toEqual(statuses)
  }, 60_000)

  it.each([
    ['', undefined, 200],
    ['', 'acct_1', 400],
    ['acct_1', 'acct_1', 200],
    ['acct_1', undefined, 400],
    ['own,acct_1', undefined, 200],
    ['any', 'acct_2', 200],
  ])('with STRIPE_ACCOUNTS=%s an event of %s is answered with %i', async (accounts, account, status) => {
    const handle = stripeFunction({ ...env, STRIPE_ACCOUNTS: accounts }, [finance])
    const reply = await handle(await delivery(3_000, { account }))
    expect([reply.status, ((await reply.json()) as { code?: string }).code]).toEqual([
      status,
      status === 200 ? undefined : 'BEE_WEBHOOK_ACCOUNT',
    ])
  })

  it('says at once what is missing', () => {
    expect(() => stripeFunction({ ...env, COLONIES_PRVKEY: '' }, [finance])).toThrow(/COLONIES_PRVKEY/)
    expect(() => stripeFunction(env, [])).toThrow(/finance\/apply_stripe_event/)
  })
})
