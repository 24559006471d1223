import { describe, expect, test } from 'vitest'
import { one, pseudonyms, take } from './take.ts'

const micros = Date.parse('2026-11-20T10:00:00Z') * 1000

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

  test('whom and which key a token that does not verify names is believed by nobody', () => {
    const claims = { subject: '3f1c1f0e-8f64-4f8e-9a55-111111111111', session_id: 'theirs', algorithm: 'HS256' }
    const forged = one(edge({ sb: { jwt: { authorization: { invalid: 'JWSInvalidSignature', payload: claims } } } }))
    expect(forged).toMatchObject({ action: 'token_check', error_code: 'bad_jwt', alg: 'HS256' })
    for (const name of ['user_uid', 'session_uid', 'account']) expect(forged).not.toHaveProperty(name)
    const browser = { headers: { user_agent: 'Mozilla/5.0 Firefox/130' } }
    const imitated = [
      { jwt: { apikey: { invalid: 'JWSInvalidSignature', payload: { role: 'service_role' } } } },
      { apikey: { apikey: { prefix: 'sb_secret_ab', hash: 'h'.repeat(40), error: 'not found' } } },
    ]
    for (const sb of imitated) {
      const event = one(edge({ ...browser, sb }, { status_code: 401 }))
      for (const name of ['api_key_id', 'api_key_type']) expect(event).not.toHaveProperty(name)
    }
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
