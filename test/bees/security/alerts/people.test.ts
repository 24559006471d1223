import { describe, expect, it } from 'vitest'
import { type AlertDesk, hourMs, incidentId, minuteMs, openDesk, secondMs, whsec } from './desk.ts'
import { type ReceiverServer, startReceiver } from './receiver-server.ts'

async function open() {
  const receiver = await startReceiver()
  const desk = await openDesk({
    receivers: [
      {
        kind: 'webhook',
        name: 'ops',
        url: receiver.url,
        secrets: [whsec()],
        route: { group_wait_s: 0, group_interval_s: 0 },
      },
    ],
  })
  await desk.deliver()
  const close = async () => {
    await receiver[Symbol.asyncDispose]()
    await desk[Symbol.asyncDispose]()
  }
  return { receiver, desk, [Symbol.asyncDispose]: close }
}
const types = (receiver: ReceiverServer) => receiver.bodies().map(({ type }) => String(type).split('.')[2])
const show = async (desk: AlertDesk) =>
  (await desk.run('show_alerts', { tenant: 'acme' })).output as {
    readonly notifications: readonly { because: string; next_ms: number | null; receiver: string | null }[]
    readonly silences: readonly Record<string, unknown>[]
    readonly unknown_receivers: readonly string[]
  }
const ada = { submitter: 'key-of-ada' }
const silence = (desk: AlertDesk, more: Record<string, string | number | Record<string, string>>, by = ada) =>
  desk.run('silence_alerts', { tenant: 'acme', reason: 'a planned load test', minutes: 60, ...more }, by)

describe('silences', () => {
  it('keep quiet until they end, and then tell what is still open', async () => {
    await using world = await open()
    const { desk, receiver } = world
    const { output } = await silence(desk, { entity: { kind: 'ip', id: '203.0.113.7' } })
    expect(output).toMatchObject({ covers: 0, ends_ms: desk.nowMs + hourMs })
    await desk.note([{}, { incident: incidentId('b'), entity: { kind: 'ip', id: '198.51.100.1' } }])
    await desk.deliver()
    expect(types(receiver)).toEqual(['trigger'])
    expect(receiver.received[0]?.body).toContain('198.51.100.1')
    expect(receiver.received[0]?.body).not.toContain('203.0.113.7')
    const shown = await show(desk)
    expect(shown.notifications.map(({ because }) => because).sort()).toEqual(['repeat_interval', 'silenced'])
    expect(shown.silences).toMatchObject([{ author: 'key-of-ada', reason: 'a planned load test' }])

    desk.nowMs += hourMs - 1
    await desk.deliver()
    expect(types(receiver)).toEqual(['trigger'])
    desk.nowMs += 1
    await desk.deliver()
    expect(receiver.received.at(-1)?.body).toContain('203.0.113.7')
    expect(types(receiver)).toEqual(['trigger', 'trigger'])
    expect((await show(desk)).silences).toEqual([])
  })

  it('do not keep the end of what was told from those who were told, and say nothing of what began and ended in them', async () => {
    await using world = await open()
    const { desk, receiver } = world
    await desk.note([{}])
    await desk.deliver()
    await silence(desk, { rule: 'credential_stuffing' })
    desk.nowMs += minuteMs
    await desk.note([{ change: 'closed' }, { incident: incidentId('b'), entity: { kind: 'user', id: 'u' } }])
    await desk.note([{ incident: incidentId('b'), entity: { kind: 'user', id: 'u' }, change: 'closed' }])
    await desk.deliver()
    expect(types(receiver)).toEqual(['trigger', 'resolve'])
    desk.nowMs += 2 * hourMs
    await desk.deliver()
    expect(types(receiver)).toEqual(['trigger', 'resolve'])
    expect(receiver.received.map(({ body }) => body.includes('"u"'))).toEqual([false, false])
  })

  it('stop reminders too', async () => {
    await using world = await open()
    const { desk, receiver } = world
    await desk.note([{}])
    await desk.deliver()
    await silence(desk, { incident: incidentId('a'), minutes: 24 * 60 })
    desk.nowMs += 5 * hourMs
    await desk.deliver()
    expect(types(receiver)).toEqual(['trigger'])
    desk.nowMs += 19 * hourMs
    await desk.deliver()
    expect(types(receiver)).toEqual(['trigger', 'repeat'])
  })

  it('about a rule do not cover what another rule has found as well, and none what is critical unless that is said', async () => {
    await using world = await open()
    const { desk, receiver } = world
    await silence(desk, { rule: 'credential_stuffing' })
    await desk.note([{ rules: ['credential_stuffing', 'success_after_attack'] }])
    await desk.note([{ incident: incidentId('c'), severity: 'critical', entity: { kind: 'user', id: 'u' } }])
    await desk.deliver()
    expect(receiver.received).toHaveLength(2)
    await silence(desk, { rule: 'credential_stuffing', max_severity: 'critical' })
    await desk.note([{ incident: incidentId('d'), severity: 'critical', entity: { kind: 'user', id: 'v' } }])
    await desk.deliver()
    expect(receiver.received).toHaveLength(2)
  })

  it('can be ended before their time, once', async () => {
    await using world = await open()
    const { desk, receiver } = world
    const { output } = await silence(desk, { rule: 'credential_stuffing' })
    await desk.note([{}])
    await desk.deliver()
    expect(receiver.received).toHaveLength(0)
    const { id } = output as { id: string }
    desk.nowMs += secondMs
    const end = () => desk.run('unsilence_alerts', { tenant: 'acme', id }, { submitter: 'key-of-bob' })
    expect((await end()).output).toEqual({ ended: true })
    expect((await end()).output).toEqual({ ended: false })
    await desk.deliver()
    expect(receiver.received).toHaveLength(1)
    const [row] = await desk.rows('select author, ended_by from security.silences')
    expect(row).toEqual({ author: 'key-of-ada', ended_by: 'key-of-bob' })
  })

  it('have an author, a reason and an end, and never cover everything or another tenant', async () => {
    await using world = await open()
    const { desk, receiver } = world
    const rule = 'credential_stuffing'
    await expect(silence(desk, {})).rejects.toThrow('nothing silences everything')
    await expect(silence(desk, { rule, minutes: 43_201 })).rejects.toThrow('minutes')
    await expect(silence(desk, { rule, minutes: 0 })).rejects.toThrow('minutes')
    await expect(silence(desk, { rule, reason: '  ' })).rejects.toThrow('reason')
    await expect(silence(desk, { rule, author: 'somebody' })).rejects.toThrow('author')
    await expect(desk.run('silence_alerts', { tenant: 'acme', rule, reason: 'why not', minutes: 5 })).rejects.toThrow(
      'nobody has signed',
    )
    // Past the handler, the database says the same.
    const input = { tenant: 'acme', rule, reason: 'why not', minutes: 5, max_severity: 'high' }
    for (const [wrong, call] of [
      [input, {}],
      [{ ...input, minutes: 60 * 24 * 365 }, { nonce: { kid: 'k' } }],
      [{ ...input, rule: null }, { nonce: { kid: 'k' } }],
      [{ ...input, minutes: -5 }, { nonce: { kid: 'k' } }],
    ]) {
      await expect(desk.rows('select bee_tasks.security__silence_alerts($1, $2)', [wrong, call])).rejects.toThrow()
    }
    for (const task of ['unsilence_alerts', 'ack_incident', 'set_alert_routes', 'resend_alerts']) {
      const unsigned = desk.rows(`select bee_tasks.security__${task}($1, '{"nonce": null}')`, [
        { tenant: 'acme', incident: incidentId('a'), id: 'sil_', receiver: 'ops', routes: [] },
      ])
      await expect(unsigned, task).rejects.toThrow('nobody has signed')
    }
    await silence(desk, { rule, tenant: 'other' })
    await desk.note([{}])
    await desk.deliver()
    expect(receiver.received).toHaveLength(1)
  })
})

describe('taking an incident up', () => {
  it('tells the others, ends the reminders, and counts no more when it becomes worse', async () => {
    await using world = await open()
    const { desk, receiver } = world
    await desk.note([{}])
    await desk.deliver()
    const ack = async () => (await desk.run('ack_incident', { tenant: 'acme', incident: incidentId('a') }, ada)).output
    expect(await ack()).toEqual({ acknowledged: true, notifications: 1 })
    await desk.deliver()
    expect(types(receiver)).toEqual(['trigger', 'acknowledge'])
    expect((await show(desk)).notifications).toMatchObject([{ because: 'acknowledged', next_ms: null }])
    desk.nowMs += 48 * hourMs
    await desk.deliver()
    expect(types(receiver)).toEqual(['trigger', 'acknowledge'])

    await desk.note([{ change: 'raised', severity: 'critical' }])
    await desk.deliver()
    desk.nowMs += 4 * hourMs
    await desk.deliver()
    expect(types(receiver)).toEqual(['trigger', 'acknowledge', 'update', 'repeat'])

    await desk.note([{ change: 'closed', severity: 'critical' }])
    desk.nowMs += secondMs
    await desk.deliver()
    expect(types(receiver).at(-1)).toBe('resolve')
    expect(await ack()).toEqual({ acknowledged: false, notifications: 0 })
  })
})

describe('routes', () => {
  it('tell a receiver that comes later of what is open, and say which receiver is not there', async () => {
    await using world = await open()
    const { desk, receiver } = world
    await desk.note([{}])
    await desk.deliver()
    await using late = await startReceiver()
    const other = await openDesk({
      receivers: [{ kind: 'slack', name: 'late', url: late.url, route: { group_wait_s: 0 } }],
      database: desk.database,
    })
    other.nowMs = desk.nowMs
    await other.deliver()
    expect([receiver.received.length, late.received.length]).toEqual([1, 1])
    expect((await show(desk)).unknown_receivers).toEqual(['late'])
    expect((await show(other)).unknown_receivers).toEqual(['ops'])
  })

  it('end what nobody is told any more with a last message', async () => {
    await using world = await open()
    const { desk, receiver } = world
    const route = { name: 'mine', receiver: 'ops', kind: 'webhook', group_wait_s: 0, group_interval_s: 0 }
    await desk.run('set_alert_routes', { tenant: 'acme', routes: [route] }, ada)
    await desk.note([{}])
    await desk.deliver()
    const worst = { ...route, name: 'worst', min_severity: 'critical' }
    await desk.run('set_alert_routes', { tenant: 'acme', routes: [worst] }, ada)
    expect((await show(desk)).notifications).toContainEqual(
      expect.objectContaining({ because: 'no_route', next_ms: null, receiver: 'ops' }),
    )
    desk.nowMs += hourMs
    await desk.note([{ change: 'closed' }])
    desk.nowMs += hourMs
    await desk.deliver()
    expect(types(receiver)).toEqual(['trigger', 'resolve'])
  })
})
