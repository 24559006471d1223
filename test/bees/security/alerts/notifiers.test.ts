import { createHmac, timingSafeEqual } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { change, type DeskOptions, hourMs, incidentId, minuteMs, openDesk, secondMs, startMs, whsec } from './desk.ts'
import { type Received, type ReceiverServer, startReceiver, status } from './receiver-server.ts'

async function open(receiverOf: (server: ReceiverServer) => DeskOptions['receivers'][number]) {
  const receiver = await startReceiver()
  const desk = await openDesk({ receivers: [receiverOf(receiver)] })
  await desk.deliver()
  const close = async () => {
    await receiver[Symbol.asyncDispose]()
    await desk[Symbol.asyncDispose]()
  }
  return { receiver, desk, [Symbol.asyncDispose]: close }
}
const route = { group_wait_s: 0, group_interval_s: 0 }

/** Standard Webhooks as a receiver reads it, written from its specification and nothing of ours. */
function verify(secretText: string, { headers, body }: Received): boolean {
  const key = Buffer.from(secretText.replace('whsec_', ''), 'base64')
  const id = String(headers['webhook-id'])
  const timestamp = String(headers['webhook-timestamp'])
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > 300) return false
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`, 'utf8').digest()
  return String(headers['webhook-signature'])
    .split(' ')
    .some((one) => {
      const [version, signature = ''] = one.split(',')
      const given = Buffer.from(signature, 'base64')
      return version === 'v1' && given.length === expected.length && timingSafeEqual(given, expected)
    })
}

describe('the signed webhook', () => {
  it('is verified with the old and with the new secret, and with no other', async () => {
    const [old, next] = [whsec(), whsec()]
    await using world = await open(({ url }) => ({ kind: 'webhook', name: 'w', url, secrets: [next, old], route }))
    await world.desk.note([{}])
    await world.desk.deliver()
    const [got] = world.receiver.received
    if (got === undefined) throw new Error('nothing came')
    expect([verify(old, got), verify(next, got), verify(whsec(), got)]).toEqual([true, true, false])
    expect(verify(old, { ...got, body: got.body.replace('high', 'info') })).toBe(false)
    expect(verify(old, { ...got, headers: { ...got.headers, 'webhook-id': 'msg_other' } })).toBe(false)
    expect(got.headers['webhook-id']).toMatch(/^msg_[0-9a-f]{24}$/)
  })

  it('speaks OCSF', async () => {
    await using world = await open(({ url }) => ({ kind: 'webhook', name: 'w', url, secrets: [whsec()], route }))
    const { desk, receiver } = world
    await desk.note([{}])
    await desk.deliver()
    await desk.note([{ change: 'closed' }])
    await desk.deliver()
    const [opened, closed] = receiver.bodies()
    expect(opened).toMatchObject({
      type: 'security.incident.trigger',
      timestamp: new Date(startMs).toISOString(),
      data: {
        ...{ class_uid: 2005, category_uid: 2, activity_id: 1, type_uid: 200_501, status_id: 1, severity_id: 4 },
        time: startMs,
        finding_info_list: [{ uid: incidentId('a'), title: change({}).title, types: ['credential_stuffing'] }],
        observables: [{ type_id: 2, value: '203.0.113.7' }],
        metadata: { version: '1.6.0', tenant_uid: 'acme', sequence: 1 },
      },
    })
    expect(closed).toMatchObject({
      type: 'security.incident.resolve',
      data: { activity_id: 3, type_uid: 200_503, status_id: 5, status: 'Closed', metadata: { sequence: 2 } },
    })
    const correlation = receiver.bodies().map(({ data }) => (data as typeof opened & { metadata: object }).metadata)
    expect(new Set(correlation.map((one) => (one as { correlation_uid: string }).correlation_uid)).size).toBe(1)
  })
})

const nasty = {
  title: '<!channel> <@U123> <https://evil.example|your bank> *bold* `code`\r\nBcc: victim@example.org',
  explanation: '</script><!here> & http://evil.example/login \u202egnp.exe\u0001\u200b <!subteam^S1>',
  entity: { kind: 'endpoint' as const, id: '/a?<!everyone>&x=https://evil.example' },
}

describe('Slack', () => {
  const texts = (value: unknown): string[] =>
    typeof value === 'string'
      ? [value]
      : typeof value === 'object' && value !== null
        ? Object.values(value).flatMap(texts)
        : []

  it('lets nothing of an incident become markup, a mention or a link', async () => {
    await using world = await open(({ url }) => ({ kind: 'slack', name: 's', url: `${url}/services/T/B/x`, route }))
    await world.desk.note([nasty])
    await world.desk.deliver()
    const [body] = world.receiver.bodies() as [{ text: string; blocks: { type: string; text?: { type: string } }[] }]
    expect(body.text).not.toMatch(/[<>]/)
    expect(body.text).toContain('&lt;!channel&gt;')
    const markup = body.blocks.flatMap((block) => texts(block)).filter((text) => text === 'mrkdwn')
    expect(markup, 'no block is read as markup').toEqual([])
    for (const text of texts(body)) {
      expect(text).not.toMatch(/https?:\/\//)
      expect(text).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    }
    expect(body).toMatchObject({ parse: 'none', link_names: false, unfurl_links: false })
    for (const { text } of body.blocks) if (text !== undefined) expect(text.type).toBe('plain_text')
  })

  it('keeps to the limits of blocks and characters', async () => {
    await using world = await open(({ url }) => ({
      kind: 'slack',
      name: 's',
      url,
      route: { ...route, group_by: 'all' },
    }))
    await world.desk.note(
      Array.from({ length: 40 }, (_, index) => ({
        incident: incidentId(`m${index}`),
        title: 'x'.repeat(300),
        explanation: '&<>'.repeat(1300),
      })),
    )
    await world.desk.deliver()
    const [body] = world.receiver.bodies() as [{ blocks: unknown[] }]
    expect(body.blocks.length).toBeLessThanOrEqual(50)
    for (const text of texts(body)) expect(text.length).toBeLessThanOrEqual(3000)
    expect(JSON.stringify(body.blocks)).toContain('and 32 more')
  })

  it('takes nothing but ok for an answer', async () => {
    await using world = await open(({ url }) => ({ kind: 'slack', name: 's', url, route }))
    world.receiver.answer = status(200, '<html>login</html>')
    await world.desk.note([{}])
    expect(await world.desk.deliver()).toMatchObject({ retried: 1 })
  })

  it('has one message for an incident where a token allows it, and a reply where people must look again', async () => {
    await using world = await open(({ url }) => ({
      ...{
        kind: 'slack',
        name: 's',
        token: 'xoxb-123456789012-abcdef',
        channel: 'C0123456789',
        api_url: `${url}/api/`,
      },
      route: { ...route, repeat_interval_s: 3600 },
    }))
    const { desk, receiver } = world
    receiver.answer = (_request, response) =>
      response.end(JSON.stringify({ ok: true, channel: 'C0123456789', ts: '1763985600.000100' }))
    const calls = () => receiver.received.splice(0).map(({ path, body }) => [path, JSON.parse(body)] as const)

    await desk.note([{}])
    await desk.deliver()
    expect(receiver.received[0]?.headers['authorization']).toBe('Bearer xoxb-123456789012-abcdef')
    expect(calls().map(([path]) => path)).toEqual(['/api/chat.postMessage'])

    desk.nowMs += secondMs
    await desk.run('ack_incident', { tenant: 'acme', incident: incidentId('a') }, { submitter: 'ada' })
    await desk.deliver()
    const [acknowledged] = calls()
    expect(acknowledged?.[0]).toBe('/api/chat.update')
    expect(acknowledged?.[1]).toMatchObject({ ts: '1763985600.000100', channel: 'C0123456789' })

    desk.nowMs += secondMs
    await desk.note([{ change: 'raised', severity: 'critical' }])
    await desk.deliver()
    const raised = calls()
    expect(raised.map(([path]) => path)).toEqual(['/api/chat.update', '/api/chat.postMessage'])
    expect(raised[1]?.[1]).toMatchObject({ thread_ts: '1763985600.000100', reply_broadcast: true })

    await desk.note([{ change: 'closed', severity: 'critical' }])
    desk.nowMs += hourMs
    await desk.deliver()
    expect(calls().map(([path]) => path)).toEqual(['/api/chat.update'])
  })

  it('tells passing troubles of its API from lasting ones, and posts anew what cannot be changed', async () => {
    await using world = await open(({ url }) => ({
      ...{ kind: 'slack', name: 's', token: 'xoxb-123456789012-abcdef', channel: 'C0123456789', api_url: url, route },
    }))
    const { desk, receiver } = world
    const answer = (body: unknown) => status(200, JSON.stringify(body))
    await desk.note([{}])
    for (const [body, expected] of [
      [{ ok: false, error: 'internal_error' }, { retried: 1 }],
      [{ ok: true }, { retried: 1 }],
      [{ ok: false, error: 'invalid_auth' }, { dead: 1 }],
    ] as const) {
      receiver.answer = answer(body)
      expect(await desk.deliver()).toMatchObject(expected)
      desk.nowMs += minuteMs
    }
    receiver.answer = answer({ ok: true, channel: 'C0123456789', ts: '1763985600.000100' })
    await desk.run('resend_alerts', { tenant: 'acme', receiver: 's' }, { submitter: 'ada' })
    await desk.deliver()

    receiver.received.length = 0
    receiver.answer = (request, response) =>
      response.end(
        JSON.stringify(
          request.path.endsWith('chat.update')
            ? { ok: false, error: 'message_not_found' }
            : { ok: true, channel: 'C0123456789', ts: '1763985600.000200' },
        ),
      )
    await desk.note([{ change: 'closed' }])
    expect(await desk.deliver()).toMatchObject({ sent: 1 })
    expect(receiver.received.map(({ path }) => path)).toEqual(['/chat.update', '/chat.postMessage'])
  })
})

describe('PagerDuty', () => {
  const key = 'a'.repeat(32)
  const accept = (request: Received) => {
    const { dedup_key } = JSON.parse(request.body)
    return JSON.stringify({ status: 'success', message: 'Event processed', dedup_key })
  }

  it('triggers, acknowledges and resolves one alert under one key', async () => {
    await using world = await open(({ url }) => ({
      ...{ kind: 'pagerduty', name: 'p', routing_key: key, api_url: `${url}/v2/enqueue`, route },
    }))
    const { desk, receiver } = world
    receiver.answer = (request, response) => response.writeHead(202).end(accept(request))
    await desk.note([{ ...nasty, title: 't'.repeat(300) }])
    await desk.deliver()
    desk.nowMs += secondMs
    await desk.run('ack_incident', { tenant: 'acme', incident: incidentId('a') }, { submitter: 'ada' })
    await desk.deliver()
    desk.nowMs += secondMs
    await desk.note([{ change: 'closed' }])
    await desk.deliver()
    const bodies = receiver.bodies() as { event_action: string; dedup_key: string; payload?: Record<string, unknown> }[]
    expect(bodies.map(({ event_action }) => event_action)).toEqual(['trigger', 'acknowledge', 'resolve'])
    const keys = new Set(bodies.map(({ dedup_key }) => dedup_key))
    expect(keys.size).toBe(1)
    expect([...keys][0]?.length).toBeLessThanOrEqual(255)
    expect(bodies[0]?.payload).toMatchObject({ severity: 'error' })
    expect(String(bodies[0]?.payload?.['summary']).length).toBeLessThanOrEqual(1024)
    expect(bodies[1]?.payload).toBeUndefined()
  })

  it.each([
    ['critical', 'critical'],
    ['high', 'error'],
    ['medium', 'warning'],
    ['low', 'info'],
    ['info', 'info'],
  ] as const)('calls %s %s', async (severity, theirs) => {
    await using world = await open(({ url }) => ({
      ...{ kind: 'pagerduty', name: 'p', routing_key: key, api_url: url, route: { ...route, min_severity: 'info' } },
    }))
    world.receiver.answer = (request, response) => response.writeHead(202).end(accept(request))
    await world.desk.note([{ severity }])
    expect(await world.desk.deliver()).toMatchObject({ sent: 1 })
    expect(world.receiver.bodies()[0]).toMatchObject({ payload: { severity: theirs } })
  })

  it('does not take another answer for its own', async () => {
    await using world = await open(({ url }) => ({
      ...{ kind: 'pagerduty', name: 'p', routing_key: key, api_url: url, route },
    }))
    world.receiver.answer = status(202, JSON.stringify({ status: 'success', dedup_key: 'of somebody else' }))
    await world.desk.note([{}])
    expect(await world.desk.deliver()).toMatchObject({ sent: 0, retried: 1 })
  })
})
