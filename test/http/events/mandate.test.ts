import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventsSecrets } from '../../../src/http/index.ts'
import { record } from '../../bees/security/events/ingest.ts'
import { prepareAuth } from '../../support/auth.ts'
import { adminQuery } from '../../support/index.ts'
import { login, openDoor } from './door.ts'

const drainSecret = 'evt_drain_0123456789abcdef'
const shopSecret = 'evt_shop_0123456789abcdef'
const shopNext = 'evt_shop_next_0123456789abcdef'
const appSecret = 'evt_app_0123456789abcdef'
const soloSecret = 'evt_solo_0123456789abcdef'

/** The home tenant names its senders; the tenant solo has one secret for everything. */
const entries = [
  `:drain:${drainSecret}`,
  `:shop+billing:${shopSecret}`,
  `:shop+billing:${shopNext}`,
  appSecret,
  `solo:${soloSecret}`,
]

let door: Awaited<ReturnType<typeof openDoor>>
beforeAll(async () => {
  door = await openDoor({ secrets: eventsSecrets(entries, 'default') })
  await prepareAuth(door.database)
})
afterAll(() => door.close())

const send = async (secret: string, ...items: unknown[]) =>
  (await door.post(items, { headers: { authorization: `Bearer ${secret}` } })).body
const rows = (sql: string, values: readonly unknown[] = []) => adminQuery(door.database.url, sql, [...values])
const idsOf = async (tenant: string, like: string) =>
  (
    await rows('select id from security.events where tenant = $1 and id like $2 order by id collate "C"', [
      tenant,
      like,
    ])
  ).map(({ id }) => id)

/** A line of the auth server's log, as the drain brings it. */
const authLine = (id: string) => ({
  id,
  timestamp: Date.now() * 1000,
  event_message: JSON.stringify({ auth_event: { action: 'login', actor_id: 'u' }, remote_addr: '203.0.113.3' }),
  metadata: [],
})
const hearsAuthLog = async (tenant = 'default') =>
  (await rows('select security.has_auth_log($1) as heard', [tenant]))[0]?.['heard']

describe('whoever holds the secret of an application', () => {
  test('cannot pretend to be the auth server: what the puller brings goes on counting', async () => {
    for (const source of ['supabase_auth', 'supabase_edge', 'Supabase_Auth', ' supabase_auth', 'auth_hook', 'hive']) {
      for (const secret of [appSecret, shopSecret, soloSecret]) {
        expect(await send(secret, login(`as-${source}`, { source }))).toMatchObject({
          ...{ accepted: 0, refused: 1 },
          refusals: [{ index: 0, reason: 'other_source', field: 'source' }],
        })
      }
    }
    expect(await hearsAuthLog()).toBe(false)
    expect(await hearsAuthLog('solo')).toBe(false)
  })

  test('cannot send lines of a drain where the drain has a secret of its own', async () => {
    for (const secret of [appSecret, shopSecret]) {
      expect(await send(secret, authLine('forged'))).toMatchObject({
        ...{ accepted: 0, refusals: [{ index: 0, reason: 'other_source' }] },
      })
    }
    expect(await hearsAuthLog()).toBe(false)
    expect(await send(drainSecret, authLine('genuine'))).toMatchObject({ accepted: 1 })
    expect(await hearsAuthLog()).toBe(true)
    // The drain's secret lies at Supabase, and speaks for nothing else.
    expect(await send(drainSecret, login('not-a-line'))).toMatchObject({
      ...{ accepted: 0, refusals: [{ index: 0, reason: 'other_source' }] },
    })
    // Where nobody names the drain, one secret is for both, as before.
    expect(await send(soloSecret, authLine('solo-line'), login('solo-own'))).toMatchObject({ accepted: 2, refused: 0 })
  })

  test('cannot use up the id of what puller, hooks, drain or another sender will bring', async () => {
    const wanted = [
      'audit:6f0c',
      'session:1:2',
      'hook:password:7',
      'log:line-7',
      'auth:req-7',
      'hive:9',
      'sum:00ff',
      '~shop~8',
    ]
    for (const secret of [appSecret, shopSecret]) {
      expect(await send(secret, ...wanted.map((id) => login(id)))).toMatchObject({ accepted: wanted.length })
    }
    const taken = await rows('select i.id from security.event_ids as i where i.id = any ($1)', [wanted])
    expect(taken).toEqual([])
    // What is genuine comes afterwards, and counts.
    const pulled = await rows(
      `select security.record_events('default', jsonb_build_array(jsonb_build_object(
         'id', 'audit:6f0c', 'time', (extract(epoch from now()) * 1000)::bigint, 'source', 'supabase_audit',
         'class_uid', 3002, 'activity_id', 1, 'action', 'login', 'status_id', 1)), 30) as told`,
    )
    expect(pulled[0]?.['told']).toMatchObject({ accepted: 1, duplicates: 0 })
    expect(await send(drainSecret, { ...authLine('line-7') })).toMatchObject({ accepted: 1, duplicates: 0 })
    expect(await send(shopSecret, login('8'))).toMatchObject({ accepted: 1, duplicates: 0 })
    expect(await send(appSecret, login('order-1'))).toMatchObject({ accepted: 1 })
    expect(await send(shopSecret, login('order-1'))).toMatchObject({ accepted: 1, duplicates: 0 })
  })

  test('cannot speak under the name of another application', async () => {
    expect(await send(appSecret, login('x', { source: 'billing' }), login('y', { source: 'crm' }))).toMatchObject({
      ...{ accepted: 1, refusals: [{ index: 0, reason: 'other_source', field: 'source' }] },
    })
    expect(await send(shopSecret, login('z', { source: 'app' }))).toMatchObject({ accepted: 0, refused: 1 })
    expect(await send(shopSecret, login('w', { source: 'billing' }), login('w'))).toMatchObject({ accepted: 2 })
    expect(await idsOf('default', '~%w')).toEqual(['~billing~w', '~shop~w'])
  })
})

test('the same batch with the new secret of a sender is the same', async () => {
  const long = `${'l'.repeat(120)}`
  const batch = [
    login('roll-1'),
    login(`${long}1234567`),
    login('roll-2', { id: undefined }),
    login('roll-3', { source: 'billing' }),
  ]
  expect(await send(shopSecret, ...batch)).toMatchObject({ accepted: 4 })
  const again = await send(shopNext, ...batch)
  // The very same transaction, so it is answered as the first time; and nothing stands there twice.
  expect(again).toMatchObject({ accepted: 4, refused: 0 })
  expect(await send(shopNext, ...batch, login('roll-4'))).toMatchObject({ accepted: 1, duplicates: 4 })
  expect((await idsOf('default', '~%roll-%')).length).toBe(3)
})

test('rows from before the mandates: a batch that is sent again counts once', async () => {
  const items = [login('old-1'), login('order:7'), login('x', { id: undefined }), authLine('old-line')]
  const soloItems = items.map((item) => ({ ...item }))
  // As a hive of before has kept them: without a mandate.
  expect(
    (await record(door.database, soloItems, { tenant: 'solo', env: { SECURITY_PSEUDONYM_KEY: 'a7'.repeat(32) } }))
      .output,
  ).toMatchObject({ accepted: 4 })
  expect(await send(soloSecret, ...soloItems)).toMatchObject({ accepted: 0, duplicates: 4 })
})
