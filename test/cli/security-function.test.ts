import security from 'colony-bees/bees/security'
import { securityFunction } from 'colony-bees/security-function'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { adminQuery, createDatabase, startTestGateway } from '../support/index.ts'

const secret = 'evt_a-long-secret-of-this-test'
const stack = new AsyncDisposableStack()
let url = ''
let env: Record<string, string> = {}

beforeAll(async () => {
  const database = stack.use(await createDatabase())
  const gateway = stack.use(await startTestGateway(database.url))
  url = database.url
  env = {
    // Nothing answers there: events are safe without a broker.
    COLONIES_SERVER_HOST: '127.0.0.1',
    COLONIES_SERVER_PORT: '9',
    SUPABASE_URL: gateway.url,
    SUPABASE_SECRET_KEY: gateway.keys.service_role,
    SECURITY_EVENTS_SECRETS: secret,
    SECURITY_PSEUDONYM_KEY: '5a'.repeat(32),
    BEES_RECEIPT_KEY: '6b'.repeat(32),
    BEES_LOG_LEVEL: 'silent',
  }
})
afterAll(() => stack.disposeAsync())

const post = (key: string) =>
  new Request('https://example.test/events', {
    method: 'POST',
    body: JSON.stringify([{ id: 'one', time: Date.now(), action: 'heartbeat' }]),
    headers: { authorization: `Bearer ${key}` },
  })

describe('POST /events as a function of its own', () => {
  it('answers when the database holds the events, which count once', async () => {
    const handle = securityFunction(env, [security])
    const replies = [await handle(post(secret)), await handle(post(secret))]
    expect(replies.map(({ status }) => status)).toEqual([200, 200])
    expect(await replies[0]?.json()).toMatchObject({ status: 'recorded', accepted: 1, duplicates: 0 })
    expect(await adminQuery(url, 'select count(*)::int as n from security.events')).toEqual([{ n: 1 }])
  })

  it('takes nothing from whoever does not know the secret', async () => {
    const reply = await securityFunction(env, [security])(post('evt_another'))
    expect([reply.status, reply.headers.get('connection')]).toEqual([401, 'close'])
  })

  it('says at once what is missing', () => {
    expect(() => securityFunction({ ...env, SECURITY_EVENTS_SECRETS: '' }, [security])).toThrow(
      /SECURITY_EVENTS_SECRETS/,
    )
    expect(() => securityFunction(env, [])).toThrow(/security\/record_events/)
  })
})
