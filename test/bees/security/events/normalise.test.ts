import { describe, expect, test } from 'vitest'
import type { SecurityEvent } from '../../../../bees/security/events/event.ts'
import { canonicalIp, isPublicIp, netOf } from '../../../../bees/security/events/ip-address.ts'
import { normalise } from '../../../../bees/security/events/normalise.ts'
import { objectIdOf, pathTemplate } from '../../../../bees/security/events/path-template.ts'
import { createPseudonymiser } from '../../../../bees/security/events/pseudonym.ts'
import { isPersonal } from '../../../../bees/security/events/scrub-text.ts'
import { deviceOf, userAgentOf } from '../../../../bees/security/events/user-agent.ts'
import { seededRandom } from '../../../support/index.ts'
import { hostileItems } from './hostile-items.ts'
import { pseudonymKey } from './ingest.ts'

const pseudonyms = createPseudonymiser({ key: pseudonymKey, ipPolicy: 'keep' }, 'default')
const context = { tenant: 'default', pseudonyms }
const take = (...items: unknown[]) => normalise(items, context)
const one = (item: unknown): SecurityEvent => {
  const { events, refusals } = take(item)
  const [event] = events
  if (event === undefined) throw new Error(`not taken: ${JSON.stringify(refusals)}`)
  return event
}
const micros = Date.parse('2026-11-20T10:00:00Z') * 1000
const own = (more: object = {}) => ({ id: 'x', time: 1_800_000_000_000, action: 'login', ...more })

describe('addresses', () => {
  test.each([
    ['203.0.113.7', '203.0.113.7', '203.0.113.0/24'],
    ['::ffff:203.0.113.7', '203.0.113.7', '203.0.113.0/24'],
    ['::FFFF:CB00:7107', '203.0.113.7', '203.0.113.0/24'],
    ['2001:DB8:0:1::0001', '2001:db8:0:1::1', '2001:db8::/48'],
    ['[2001:db8::1]:443', '2001:db8::1', '2001:db8::/48'],
    ['fe80::1%eth0', 'fe80::1', 'fe80::/48'],
    [' 10.1.2.3:8080 ', '10.1.2.3', '10.1.2.0/24'],
    ['::', '::', '::/48'],
  ])('%s is %s in %s', (text, ip, net) => {
    expect(canonicalIp(text)).toBe(ip)
    expect(netOf(ip)).toBe(net)
  })

  test.each([
    '',
    'x',
    '127.1',
    '0x7f.0.0.1',
    '017.0.0.1',
    '2130706433',
    '1.2.3.4, 5.6.7.8',
    '1.2.3.256',
    '1.2.3.4/24',
    ':::1',
    `1${':1'.repeat(40)}`,
  ])('%j is none', (text) => {
    expect(canonicalIp(text)).toBeUndefined()
    expect(take(own({ src_ip: text })).events).toEqual([])
  })

  test('private, loopback and documentation ranges are not public', () => {
    for (const ip of ['10.0.0.1', '192.168.3.4', '127.0.0.1', '169.254.1.1', '::1', 'fd00::1', 'fe80::1']) {
      expect(isPublicIp(ip)).toBe(false)
    }
    for (const ip of ['8.8.8.8', '2a00:1450::1']) expect(isPublicIp(ip)).toBe(true)
  })

  test('by policy: the network alone, or a stand-in that keeps networks together and hits nobody', () => {
    const truncating = createPseudonymiser({ key: pseudonymKey, ipPolicy: 'truncate' }, 'default')
    expect(truncating.ip('8.8.4.77')).toBe('8.8.4.0')
    expect(truncating.ip('2a00:1450:4001:82a::200e')).toBe('2a00:1450:4001::')
    const hashing = createPseudonymiser({ key: pseudonymKey, ipPolicy: 'hash' }, 'default')
    const other = createPseudonymiser({ key: pseudonymKey, ipPolicy: 'hash' }, 'acme')
    const [a, b, c] = ['8.8.4.77', '8.8.4.78', '8.8.5.77'].map((ip) => hashing.ip(ip) ?? '')
    for (const ip of [a, b, c]) expect([ip?.startsWith('fd'), isPublicIp(ip ?? '')]).toEqual([true, false])
    expect(new Set([a, b, c]).size).toBe(3)
    expect(netOf(a ?? '')).toBe(netOf(b ?? ''))
    expect(netOf(a ?? '')).not.toBe(netOf(c ?? ''))
    expect(hashing.ip('::ffff:8.8.4.77')).toBe(a)
    expect(other.ip('8.8.4.77')).not.toBe(a)
    expect(hashing.ip('10.0.0.1')).toBe('10.0.0.1')
    const event = normalise([own({ src_ip: '8.8.4.77' })], { tenant: 'default', pseudonyms: hashing }).events[0]
    expect(JSON.stringify(event)).not.toContain('8.8.4')
  })
})

describe('what identifies a person', () => {
  test('the same address or number has one pseudonym however it is written, another in another tenant', () => {
    expect(pseudonyms.identifier(' Ada@Users.Example ')).toBe(pseudonyms.identifier('ada@users.example'))
    expect(pseudonyms.identifier('+44 7911 123-456')).toBe(pseudonyms.identifier('00447911123456'))
    expect(pseudonyms.identifier('ada@users.example')).toMatch(/^[0-9a-f]{24}$/)
    const other = createPseudonymiser({ key: pseudonymKey, ipPolicy: 'keep' }, 'acme')
    expect(other.identifier('ada@users.example')).not.toBe(pseudonyms.identifier('ada@users.example'))
    expect(pseudonyms.of('card', 'x')).not.toBe(pseudonyms.of('device', 'x'))
    expect(one(own({ email: 'Ada@users.example' })).identifier).toBe(
      one(own({ identifier: 'ada@users.example' })).identifier,
    )
  })

  test.each([
    ['ada@users.example', true],
    ['token eyJhbGciOiJIUzI1NiJ9', true],
    ['sb_secret_abcdef0123', true],
    ['4111 1111 1111 1111', true],
    ['4111111111111111', true],
    ['4111111111111112', false],
    ['+44 7911 123456', true],
    ['1764000000000', false],
    ['3f1c1f0e-8f64-4f8e-9a55-111111111111', false],
    ['invalid_credentials', false],
  ])('%s is personal: %s', (text, personal) => expect(isPersonal(text)).toBe(personal))

  test('no canary in any field comes through', () => {
    const canaries = ['canary@users.example', '+44 7911 654321', '4242 4242 4242 4242', 'eyJjYW5hcnlUb2tlbjEyMzQ1']
    for (const canary of canaries) {
      for (const field of [
        ...[
          'id',
          'source',
          'user_uid',
          'actor_uid',
          'identifier',
          'account',
          'session_uid',
          'auth_method',
          'api_key_id',
        ],
        ...[
          'device',
          'card',
          'object_id',
          'path',
          'url',
          'resource',
          'metric',
          'role',
          'kid',
          'alg',
          'ja3',
          'user_agent',
        ],
        ...['error_code', 'email', 'phone', 'http_method', 'phone_prefix', 'email_domain', 'ua_family'],
      ]) {
        const { events } = take(
          own({ [field]: field === 'path' || field === 'url' ? `/orders/${canary}/x?q=${canary}` : canary }),
        )
        expect(JSON.stringify(events), `${field} ${canary}`).not.toContain(canary)
      }
      const { events } = take(
        own({
          data: {
            note: `hello ${canary}`,
            deep: { list: [canary, { [canary]: 1 }] },
            first_name: 'Canary',
            token: 'abc',
          },
        }),
      )
      expect(events).toHaveLength(1)
      expect(JSON.stringify(events)).not.toContain(canary)
      expect(JSON.stringify(events)).not.toMatch(/Canary|abc/)
    }
  })
})

describe('paths and agents', () => {
  test.each([
    ['/rest/v1/orders/17?select=*', '/rest/v1/orders/:id'],
    ['/rest/v1/orders/3f1c1f0e-8f64-4f8e-9a55-111111111111', '/rest/v1/orders/:id'],
    ['/users/ada%40users.example/edit', '/users/:personal/edit'],
    ['/reset/a1b2c3d4e5f60718293a4b5c', '/reset/:id'],
    ['/storage/v1/object/public/avatars/ada-lovelace/me.png', '/storage/v1/object/public/avatars/:object'],
    ['/.env', '/.env'],
    ['/wp-login.php', '/wp-login.php'],
    ['//a///b/', '/a/b'],
    ['/x\u001b[31m', '/x__31m'],
    [`/${'a/'.repeat(50)}`, `/${'a/'.repeat(12)}:more`],
    ['', '/'],
  ])('%j is %s', (path, template) => expect(pathTemplate(path)).toBe(template))

  test('the id that a request asks for', () => {
    expect(objectIdOf('/rest/v1/orders', '?id=eq.1042&select=*')).toBe('1042')
    expect(objectIdOf('/orders/1043', '')).toBe('1043')
    expect(objectIdOf('/orders', '?q=1')).toBeUndefined()
    expect(one(own({ action: 'data_read', path: '/orders/1043' }))).toMatchObject({
      object_number: 1043,
      path: '/orders/:id',
    })
  })

  test.each([
    [
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36',
      'Chrome',
      'browser',
    ],
    [
      'Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15',
      'Safari',
      'browser',
    ],
    [
      'Mozilla/5.0 (X11) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/130.0 Safari/537.36',
      'HeadlessChrome',
      'script',
    ],
    ['curl/8.5.0', 'curl', 'script'],
    ['sqlmap/1.8', 'sqlmap', 'script'],
    ['okhttp/4.12', 'okhttp', 'app'],
    ['Mozilla/5.0 (compatible; Googlebot/2.1)', 'Googlebot', 'bot'],
    ['zzz', 'other', 'script'],
  ])('%s', (agent, family, kind) => {
    expect(userAgentOf(agent)).toEqual({ family, kind })
  })

  test('an update makes no new device', () => {
    expect(deviceOf('Mozilla/5.0 Chrome/130.0.1')).toBe(deviceOf('Mozilla/5.0 Chrome/131.2'))
    expect(userAgentOf('')).toBeUndefined()
  })
})

describe('lines of a log drain', () => {
  const edge = (request: object, response: object = { status_code: 200 }) => ({
    id: 'line-1',
    timestamp: micros,
    event_message: 'GET | 200 | canary@users.example',
    // As some stores nest it: every object in a list.
    metadata: [{ request: [{ method: 'GET', path: '/rest/v1/orders', host: 'x', ...request }], response: [response] }],
  })

  test('a request at the gateway', () => {
    const event = one(
      edge(
        {
          search: '?id=eq.17&select=*',
          headers: [{ cf_connecting_ip: '2001:db8::7', user_agent: 'curl/8', referer: 'https://app.example/canary' }],
          cf: [
            { asn: 64_500, country: 'SE', latitude: '57.70', longitude: '11.97', botManagement: [{ ja3Hash: 'ab' }] },
          ],
          sb: [
            { auth_user: '3f1c1f0e-8f64-4f8e-9a55-111111111111', jwt: [{ apikey: [{ payload: [{ role: 'anon' }] }] }] },
          ],
        },
        { status_code: 206, headers: [{ content_length: '512', content_range: '0-24/*' }] },
      ),
    )
    expect(event).toMatchObject({
      ...{ id: 'log:line-1', source: 'supabase_edge', action: 'data_read', status_code: 206, status_id: 1, rows: 25 },
      ...{
        src_ip: '2001:db8::7',
        asn: 64_500,
        country: 'SE',
        lat: 57.7,
        long: 11.97,
        ua_family: 'curl',
        object_number: 17,
      },
      ...{
        user_uid: '3f1c1f0e-8f64-4f8e-9a55-111111111111',
        api_key_type: 'publishable',
        resource: 'orders',
        bytes: 512,
      },
      ...{ has_referer: true, time: micros / 1000, path: '/rest/v1/orders' },
    })
    expect(JSON.stringify(event)).not.toContain('canary')
  })

  test('what is strange in a line is left out, the event stays', () => {
    const event = one(
      edge(
        {
          method: 'X'.repeat(99),
          cf: { asn: -1, country: 'Sweden', latitude: 999 },
          headers: { cf_connecting_ip: 'no' },
        },
        {},
      ),
    )
    expect(event).toMatchObject({ action: 'data_read', status_id: 0 })
    for (const name of ['asn', 'country', 'lat', 'src_ip', 'status_code']) expect(event).not.toHaveProperty(name)
  })

  test('refused data, administration, a broken token, a leaked key', () => {
    expect(one(edge({}, { status_code: 403 })).action).toBe('access_denied')
    expect(one(edge({ path: '/auth/v1/admin/users' })).action).toBe('admin_call')
    expect(one(edge({ path: '/auth/v1/token', method: 'POST' }, { status_code: 400 })).action).toBe('http_request')
    expect(
      one(edge({ sb: { jwt: { authorization: { invalid: 'bad signature', payload: { algorithm: 'none' } } } } })),
    ).toMatchObject({ action: 'token_check', error_code: 'bad_jwt', alg: 'none' })
    const leaked = edge(
      {
        headers: { user_agent: 'Mozilla/5.0 Firefox/130' },
        sb: { apikey: { apikey: { prefix: 'sb_secret_ab', hash: 'h'.repeat(40) } } },
      },
      { status_code: 401 },
    )
    expect(one(leaked)).toMatchObject({ api_key_type: 'secret', ua_kind: 'browser', status_code: 401 })
  })

  const auth = (facts: object, id = 'a') => ({
    id,
    timestamp: micros,
    event_message: JSON.stringify(facts),
    metadata: [],
  })

  test('a failed sign-in is one event though it has two lines', () => {
    const told = {
      path: '/token',
      method: 'POST',
      remote_addr: '203.0.113.5',
      request_id: 'req-1',
      grant_type: 'password',
    }
    const { events } = take(
      auth({ ...told, msg: '400: Invalid login credentials', error: 'Invalid login credentials' }, 'a'),
      auth({ ...told, msg: 'request completed', status: 400, error_code: 'invalid_credentials' }, 'b'),
      auth({ ...told, msg: 'request completed', status: 200, request_id: 'req-2' }, 'c'),
    )
    expect(events).toHaveLength(2)
    expect(new Set(events.map(({ id }) => id))).toEqual(new Set(['auth:req-1']))
    for (const event of events) {
      expect(event).toMatchObject({
        action: 'login',
        status_id: 2,
        error_code: 'invalid_credentials',
        auth_method: 'password',
      })
    }
  })

  test.each([
    [{ path: '/token', status: 400, error_code: 'refresh_token_already_used' }, { action: 'token_refresh' }],
    [
      { path: '/factors/1f/verify', status: 422, error_code: 'mfa_verification_failed' },
      { action: 'mfa_verification' },
    ],
    [{ path: '/recover', status: 429, error_code: 'over_email_send_rate_limit' }, { action: 'recovery_request' }],
    [{ path: '/user', status: 403, error_code: 'bad_jwt' }, { action: 'token_check' }],
    [{ path: '/otp', status: 429, error_code: 'over_sms_send_rate_limit' }, { action: 'otp_send' }],
  ])('%j', (facts, expected) => {
    expect(one(auth({ remote_addr: '203.0.113.5', ...facts }))).toMatchObject({
      ...expected,
      status_id: 2,
      error_code: facts.error_code,
    })
  })

  test('what went well is taken from the audit event in a line, without its names', () => {
    const event = one(
      auth({
        remote_addr: '203.0.113.5',
        auth_event: {
          action: 'user_signedup',
          actor_id: 'u-1',
          actor_username: 'canary@mailinator.com',
          traits: { provider: 'email' },
        },
      }),
    )
    expect(event).toMatchObject({
      action: 'signup',
      status_id: 1,
      user_uid: 'u-1',
      email_domain: 'mailinator.com',
      disposable: true,
    })
    expect(JSON.stringify(event)).not.toContain('canary')
    expect(event.identifier).toBe(pseudonyms.identifier('canary@mailinator.com'))
  })

  test('Postgres: a missing right, a log-in, protection taken away; nothing else', () => {
    const line = (parsed: object, message = '') => ({
      id: 'p',
      timestamp: micros,
      event_message: message,
      metadata: [{ parsed: [parsed] }],
    })
    expect(
      one(
        line(
          { sql_state_code: '42501', user_name: 'anon' },
          'new row violates row-level security policy for table "orders"',
        ),
      ),
    ).toMatchObject({ action: 'access_denied', error_code: '42501', resource: 'orders', data: { db_role: 'anon' } })
    expect(one(line({ sql_state_code: '28P01', connection_from: '203.0.113.5:4242' }))).toMatchObject({
      action: 'login',
      src_ip: '203.0.113.5',
    })
    expect(one(line({ query: 'alter table orders disable row level security' }))).toMatchObject({
      action: 'config_change',
    })
    expect(take(line({ query: "select 'canary@users.example'" })).ignored).toBe(1)
  })

  test('of a line no text is kept, and time may come in any unit', () => {
    for (const timestamp of [
      micros,
      micros / 1000,
      micros / 1e6,
      String(micros),
      '2026-11-20T10:00:00Z',
      '2026-11-20 10:00:00.000123',
    ]) {
      expect(one({ ...edge({}), timestamp }).time).toBe(micros / 1000)
    }
    for (const timestamp of [null, 'soon', -1, Number.NaN, {}, '2026-99-99T00:00:00Z']) {
      expect(take({ ...edge({}), timestamp }).refusals).toEqual([
        { index: 0, reason: 'unreadable_time', field: 'timestamp' },
      ])
    }
  })
})

test('whatever comes, nothing throws and every item is accounted for', () => {
  const items = hostileItems(seededRandom(), 4000)
  const { events, refusals, ignored } = take(...items)
  expect(events.length + refusals.length + ignored).toBe(items.length)
  for (const count of [events.length, refusals.length, ignored]) expect(count).toBeGreaterThan(100)
})
