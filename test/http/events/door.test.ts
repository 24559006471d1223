import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hostileItems } from '../../bees/security/events/hostile-items.ts'
import { adminQuery, seededRandom, until } from '../../support/index.ts'
import { login, openDoor, otherSecret, secret } from './door.ts'

let door: Awaited<ReturnType<typeof openDoor>>
beforeAll(async () => {
  door = await openDoor({ maxBytes: 200_000, maxInflatedBytes: 400_000, maxItems: 1200, wrongPerMinute: 1000 })
})
afterAll(() => door.close())

const idsLike = async (prefix: string, tenant = 'default') =>
  (
    await adminQuery(door.database.url, 'select id from security.events where tenant = $1 and id like $2 order by id', [
      tenant,
      `${prefix}%`,
    ])
  ).map(({ id }) => id)

describe('forms of a body', () => {
  test('a JSON array, a single object, NDJSON, packed or not', async () => {
    const line = (id: string) => JSON.stringify(login(id))
    const bodies: [unknown, object][] = [
      [[login('f-1'), login('f-2')], {}],
      [login('f-3'), {}],
      [`${line('f-4')}\n${line('f-5')}\r\n\n`, {}],
      [line('f-6'), { headers: { 'content-type': 'application/x-ndjson' } }],
      [[login('f-7')], { gzip: true }],
      // A sender that packs and does not say so, a proxy that unpacks and leaves the header.
      [[login('f-8')], { headers: { 'content-encoding': 'gzip' } }],
    ]
    for (const [body, options] of bodies) {
      expect(await door.post(body, options)).toMatchObject({ status: 200, body: { status: 'recorded', refused: 0 } })
    }
    expect(await idsLike('f-')).toEqual(['f-1', 'f-2', 'f-3', 'f-4', 'f-5', 'f-6', 'f-7', 'f-8'])
    expect((await door.post('')).body).toMatchObject({ status: 'recorded', accepted: 0 })
    expect((await door.post([])).body).toMatchObject({ status: 'recorded', accepted: 0 })
  })

  test('bad items are refused one by one with place and reason, the rest is kept', async () => {
    const deep = JSON.parse(`${'{"a":'.repeat(60)}1${'}'.repeat(60)}`)
    const body = [
      login('m-0'),
      null,
      7,
      'text',
      [login('m-x')],
      login('m-5', { surprise: 'ada@users.example' }),
      login('m-6', { src_ip: '999.1.1.1' }),
      { hello: 'world' },
      login('m-8', { data: deep }),
      login('m-9', { data: { text: 'x'.repeat(70_000) } }),
      login('m-10', { time: 'yesterday' }),
      login('m-11', { resource: 'nul\u0000' }),
      login('m-12', { resource: '\ud800' }),
      login('m-13', { time: 0 }),
      login('m-14', { tenant: 'acme' }),
      login('m-15'),
    ]
    const { status, body: answer } = await door.post(body)
    expect(status).toBe(200)
    expect(answer).toMatchObject({ accepted: 2, refused: 14 })
    expect(
      (answer['refusals'] as { index: number; reason: string }[]).map(({ index, reason }) => [index, reason]),
    ).toEqual([
      ...[1, 2, 3, 4].map((index) => [index, 'not_an_object']),
      [5, 'unknown_field'],
      [6, 'bad_field'],
      [7, 'unknown_format'],
      [8, 'too_large'],
      [9, 'too_large'],
      [10, 'unreadable_time'],
      [11, 'unsafe_json'],
      [12, 'unsafe_json'],
      [13, 'too_old'],
      [14, 'other_tenant'],
    ])
    expect(JSON.stringify(answer)).not.toMatch(/ada@|surprise|yesterday|hello/)
    expect(await idsLike('m-')).toEqual(['m-0', 'm-15'])
  })

  test('a broken line of NDJSON is refused alone', async () => {
    const body = `${JSON.stringify(login('n-1'))}\n{"id": "n-2", \n${JSON.stringify(login('n-3'))}`
    const { body: answer } = await door.post(body)
    expect(answer).toMatchObject({ accepted: 2, refused: 1, refusals: [{ index: 1, reason: 'not_json' }] })
  })

  test('what is no JSON at all, not UTF-8 or broken gzip is refused as a whole', async () => {
    const send = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
      fetch(`${door.url}/events`, { method: 'POST', headers: { 'x-events-secret': secret, ...headers }, body })
    for (const body of [
      '[{"id":1',
      'ada@users.example',
      new Uint8Array([0x5b, 0xff, 0x5d]),
      gzipSync('[]').subarray(0, 12),
    ]) {
      const response = await send(body)
      const text = await response.text()
      expect([response.status, JSON.parse(text).code]).toEqual([400, 'BEE_EVENTS_MALFORMED'])
      expect(text).not.toContain('ada@')
    }
    expect((await send('[]', { 'content-encoding': 'br' })).status).toBe(400)
    expect((await fetch(`${door.url}/events`)).status).toBe(405)
  })

  test('own members only: __proto__, constructor and the like are data of nobody', async () => {
    const body = `[{"__proto__":{"action":"login","time":1},"id":"p-1"},
      {"id":"p-2","time":${Date.now()},"action":"login","__proto__":{"is_admin":true}},
      {"id":"p-3","time":${Date.now()},"action":"login","data":{"__proto__":{"polluted":1},"constructor":{"prototype":{"x":1}}}},
      {"event_message":"x","timestamp":${Date.now()},"metadata":[{"__proto__":{"request":{"path":"/"},"response":{}}}]},
      {"id":"p-5","time":${Date.now()},"action":"login"}]`
    const { status, body: answer } = await door.post(body)
    expect(status).toBe(200)
    expect(answer).toMatchObject({ accepted: 1, ignored: 0, refused: 4 })
    expect((answer['refusals'] as { reason: string }[]).map(({ reason }) => reason)).toEqual(
      Array(4).fill('unsafe_json'),
    )
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
    expect(await idsLike('p-')).toEqual(['p-5'])
  })
})

test('hostile items, thousands of them: all are accounted for, and what is accepted is stored', async () => {
  const random = seededRandom()
  await using other = await openDoor()
  for (let round = 0; round < 4; round += 1) {
    const items = hostileItems(random, 700)
    const { status, body } = await other.post(items)
    expect(status).toBe(200)
    const of = (name: string) => Number(body[name])
    expect(of('accepted') + of('duplicates') + of('ignored') + of('refused')).toBe(items.length)
    expect(of('accepted')).toBeGreaterThan(50)
  }
  const [stored] = await adminQuery(
    other.database.url,
    'select count(*)::int as n from security.events as e join security.inbox as i on i.tenant = e.tenant and i.event ->> $1 = e.id',
    ['id'],
  )
  expect(Number(stored?.['n'])).toBeGreaterThan(200)
})

describe('limits', () => {
  test('size as sent, size unpacked, and number of items', async () => {
    const tooBig = await door.post([login('big', { data: { text: 'x'.repeat(210_000) } })])
    expect([tooBig.status, tooBig.body['code']]).toEqual([413, 'BEE_EVENTS_TOO_LARGE'])
    const bomb = gzipSync(`[${' '.repeat(100_000_000)}]`)
    expect(bomb.length).toBeLessThan(150_000)
    const before = process.memoryUsage().rss
    const response = await fetch(`${door.url}/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-encoding': 'gzip' },
      body: bomb,
    })
    expect(response.status).toBe(413)
    expect(process.memoryUsage().rss - before).toBeLessThan(60_000_000)
    const many = await door.post(Array.from({ length: 1201 }, () => 1))
    expect([many.status, many.body['code']]).toEqual([413, 'BEE_EVENTS_TOO_LARGE'])
  })

  test('a sender who stops in the middle is cut off and costs nothing', async () => {
    const slow = await openDoor({ totalMs: 400 })
    try {
      const socket = connect(slow.port, '127.0.0.1')
      socket.write(
        `POST /events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${secret}\r\ncontent-length: 5000\r\n\r\n[{"id":"slow"`,
      )
      const answer = await new Promise<string>((resolve) => socket.once('data', (data) => resolve(String(data))))
      expect(answer).toMatch(/^HTTP\/1.1 (408|503)/)
      socket.destroy()
    } finally {
      await slow.close()
    }
  })

  test('too many requests of one secret are told when to come again; another secret is not touched', async () => {
    await using busy = await openDoor({ perSecond: 1 })
    const answers = await Promise.all(Array.from({ length: 10 }, (_, index) => busy.post([login(`r-${index}`)])))
    const limited = answers.filter(({ status }) => status === 429)
    expect(limited.length).toBeGreaterThanOrEqual(5)
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(4)
    expect(Number(limited[0]?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    const other = await busy.post([login('r-other')], { headers: { authorization: `Bearer ${otherSecret}` } })
    expect(other.status).toBe(200)
    expect(busy.notices).toContainEqual(
      expect.objectContaining({ what: 'rate_limited', where: '/events', status: 429 }),
    )
  })
})

describe('secrets', () => {
  test('decide whose events they are; either header will do', async () => {
    await door.post([login('s-1')])
    await door.post([login('s-2')], { headers: { authorization: '', 'x-events-secret': otherSecret } })
    expect([await idsLike('s-'), await idsLike('s-', 'acme')]).toEqual([['s-1'], ['s-2']])
  })

  test('forged ones are refused before the body is read, whatever is wrong with them', async () => {
    const forged = [
      '',
      'x',
      secret.slice(0, -1),
      `${secret}x`,
      secret.toUpperCase(),
      `${secret},${otherSecret}`,
      '\u00e9',
    ]
    for (const attempt of forged) {
      const { status, body } = await door.post('not even JSON', { headers: { authorization: `Bearer ${attempt}` } })
      expect([status, body['code']]).toEqual([401, 'BEE_EVENTS_SECRET'])
      expect(JSON.stringify(body)).not.toContain(secret)
    }
    const basic = await door.post([login('s-9')], { headers: { authorization: `Basic ${btoa(secret)}` } })
    expect(basic.status).toBe(401)
    expect(await idsLike('s-9')).toEqual([])
    expect(door.notices).toContainEqual(expect.objectContaining({ what: 'events_refused', peer: '127.0.0.1' }))
  })

  test('whoever guesses is slowed down by address, and senders with a secret are not', async () => {
    await using guarded = await openDoor({ wrongPerMinute: 5 })
    const guesses = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        // A claimed address buys nothing: the front writes down who is connected.
        guarded.post([], { headers: { authorization: `Bearer guess-${index}`, 'x-bees-peer': `192.0.2.${index}` } }),
      ),
    )
    expect(guesses.filter(({ status }) => status === 401)).toHaveLength(5)
    expect(guesses.filter(({ status }) => status === 429)).toHaveLength(7)
    expect((await guarded.post([login('g')])).status).toBe(200)
  })

  test('how long a refusal takes does not depend on how much of the secret was right', async () => {
    const { senderFinder } = await import('../../../src/http/events/find-sender.ts')
    const find = senderFinder([{ tenant: 'default', secret }])
    const near = new Headers({ authorization: `Bearer ${secret.slice(0, -1)}z` })
    const far = new Headers({ authorization: `Bearer ${'z'.repeat(secret.length)}` })
    const rounds = 4000
    const time = (headers: Headers) => {
      const began = performance.now()
      for (let round = 0; round < rounds; round += 1) find(headers)
      return performance.now() - began
    }
    time(near)
    time(far)
    const ratios = Array.from({ length: 15 }, () => time(near) / time(far)).sort((a, b) => a - b)
    const middle = ratios[7] ?? 0
    expect(middle).toBeGreaterThan(0.7)
    expect(middle).toBeLessThan(1.4)
  })
})

describe('durable, and once', () => {
  test('the analysis is asked for after the commit, and only when there is something new', async () => {
    door.told.length = 0
    await door.post([login('t-1')])
    expect(door.told).toEqual(['default'])
    await door.post([login('t-1')])
    await door.post([{ nothing: true }])
    // The second batch is the same transaction and says what it said; no harm in another look.
    expect(door.told.length).toBeLessThanOrEqual(2)
  })

  test('an answer that is lost after the commit: sent again, counted once', async () => {
    await using shaky = await openDoor()
    const body = Array.from({ length: 700 }, (_, index) => login(`l-${index}`))
    for (const kind of ['drop_reply_after_commit', 'reset_before_commit', 'html_502', 'unavailable_503'] as const) {
      shaky.gateway.faults.clear()
      shaky.gateway.faults.add({ kind, times: 1 })
      const answers = [await shaky.post(body)]
      while (answers.at(-1)?.status !== 200 && answers.length < 5) answers.push(await shaky.post(body))
      expect(answers.at(-1)?.body).toMatchObject({ status: 'recorded', refused: 0 })
    }
    const [count] = await adminQuery(
      shaky.database.url,
      'select count(*)::int as events, (select count(*)::int from security.inbox) as inbox from security.events',
    )
    expect(count).toEqual({ events: 700, inbox: 700 })
  })

  test('a connection that is cut during the post, then a repeat: once', async () => {
    const body = JSON.stringify(Array.from({ length: 300 }, (_, index) => login(`c-${index}`)))
    for (let attempt = 0; attempt < 4; attempt += 1) {
      const socket = connect(door.port, '127.0.0.1')
      socket.write(
        `POST /events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${secret}\r\ncontent-length: ${body.length}\r\n\r\n`,
      )
      await new Promise<void>((resolve) => socket.write(body, () => resolve()))
      socket.destroy()
    }
    const { status } = await door.post(body)
    expect(status).toBe(200)
    await until(async () => (await idsLike('c-')).length === 300, { what: '300 events' })
    const [inbox] = await adminQuery(
      door.database.url,
      "select count(*)::int as n from security.inbox where event ->> 'id' like 'c-%'",
    )
    expect(inbox).toEqual({ n: 300 })
  })

  test('without the database: 503 with Retry-After, never 200; afterwards the same body is taken', async () => {
    await using shaky = await openDoor({ totalMs: 1500 })
    shaky.gateway.faults.add({ kind: 'unavailable_503', times: null, commits: false })
    const away = await shaky.post([login('d-1')])
    expect([away.status, away.body['status'], away.body['code']]).toEqual([
      503,
      'not_durable',
      'BEE_EVENTS_NOT_DURABLE',
    ])
    expect(Number(away.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    expect(await adminQuery(shaky.database.url, 'select from security.event_ids')).toEqual([])
    shaky.gateway.faults.clear()
    await until(async () => (await shaky.post([login('d-1', { time: 'x' }), login('d-2')])).status === 200, {
      timeoutMs: 15_000,
      what: 'the database',
    })
    expect(await adminQuery(shaky.database.url, 'select id from security.event_ids')).toEqual([{ id: 'd-2' }])
  })

  test('many concurrent posts of overlapping batches: each event once', async () => {
    const bodies = Array.from({ length: 8 }, (_, shift) =>
      Array.from({ length: 100 }, (_, index) => login(`o-${(index + shift * 25) % 200}`)),
    )
    const answers = await Promise.all(bodies.map((body) => door.post(body)))
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200))
    expect(answers.reduce((sum, { body }) => sum + Number(body['accepted']), 0)).toBe(200)
    expect((await idsLike('o-')).length).toBe(200)
  })
})

test('no canary reaches tables, logs, metrics, answers or notices', async () => {
  await using other = await openDoor()
  const canaries = [
    'canary.person@users.example',
    '+44 7911 654321',
    '4242 4242 4242 4242',
    'eyJjYW5hcnlUb2tlbjEyMzQ1',
    'Canary McPerson',
  ]
  const [email, phone, card, token, name] = canaries
  const items = [
    login('k-1', {
      email,
      phone,
      card,
      device: `${token} ${email}`,
      user_agent: `curl/8 ${email}`,
      url: `https://x.example/u/${email}?t=${token}`,
    }),
    login('k-2', {
      identifier: phone,
      object_id: card,
      resource: email,
      data: { name, note: `${name} ${token}`, list: [email, phone] },
    }),
    login('k-3', { email: 'not-even\u0000', surprise: email }),
    login(`k-4 ${email}`, { error_code: email, status: name }),
    {
      id: 'k-5',
      timestamp: Date.now() * 1000,
      event_message: `400: ${email} ${name}`,
      metadata: [
        {
          request: [
            {
              path: `/rest/v1/u/${email}`,
              search: `?email=eq.${email}`,
              headers: [{ referer: email, user_agent: name }],
            },
          ],
          response: [{ status_code: 400 }],
        },
      ],
    },
    {
      id: 'k-6',
      timestamp: Date.now() * 1000,
      event_message: JSON.stringify({
        auth_event: {
          action: 'login',
          actor_id: 'u',
          actor_username: email,
          traits: { user_email: email, user_phone: phone },
        },
        remote_addr: '203.0.113.3',
      }),
      metadata: [],
    },
    {
      id: 'k-7',
      timestamp: Date.now() * 1000,
      event_message: `permission denied for table ${email}`,
      metadata: [{ parsed: [{ sql_state_code: '42501', user_name: email, query: `select '${card}'`, detail: name }] }],
    },
  ]
  const answers = [await other.post(items)]
  answers.push(await other.post(`{"broken": "${email}"`), await other.post([{ [String(email)]: 1 }]))
  answers.push(await other.post(items, { headers: { authorization: `Bearer ${token}` } }))
  other.gateway.faults.add({ kind: 'html_502', times: 1, commits: false })
  answers.push(await other.post([login('k-8', { email, data: { name } })]))
  expect(answers[0]?.body).toMatchObject({ accepted: 5 })
  const tables = await adminQuery(
    other.database.url,
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname in ('security', 'bees', 'bee_tasks')`,
  )
  const dumps = await Promise.all(
    tables.map(({ name: table }) =>
      adminQuery(other.database.url, `select to_jsonb(t)::text as row from ${String(table)} as t`),
    ),
  )
  const everywhere = JSON.stringify([dumps, other.lines, await other.metrics.render(), answers, other.notices])
  expect(everywhere).toContain('k-1')
  const parts = [...canaries, 'canary.person', '654321', 'McPerson', '4242424242424242']
  expect(parts.filter((part) => everywhere.includes(part))).toEqual([])
})
