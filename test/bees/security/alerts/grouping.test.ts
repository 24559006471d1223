import { describe, expect, it } from 'vitest'
import { type AlertDesk, hourMs, incidentId, minuteMs, openDesk, secondMs, startMs, whsec } from './desk.ts'
import { type ReceiverServer, startReceiver } from './receiver-server.ts'

type Told = {
  readonly type: string
  readonly data: { readonly message: string; readonly metadata: { readonly uid: string } }
}

async function open(route: Record<string, unknown> = {}) {
  const receiver = await startReceiver()
  const desk = await openDesk({
    receivers: [{ kind: 'webhook', name: 'ops', url: receiver.url, secrets: [whsec()], route }],
  })
  // A hive is there before anything happens.
  await desk.deliver()
  const close = async () => {
    await desk[Symbol.asyncDispose]()
    await receiver[Symbol.asyncDispose]()
  }
  return { receiver, desk, [Symbol.asyncDispose]: close }
}

const events = (receiver: ReceiverServer) =>
  (receiver.bodies() as unknown as Told[]).map(({ type }) => type.split('.')[2])
const because = async (desk: AlertDesk) => {
  const { output } = await desk.run('show_alerts', { tenant: 'acme' })
  return (output as { notifications: { because: string; next_ms: number | null }[] }).notifications.map((one) => [
    one.because,
    one.next_ms === null ? null : (one.next_ms - desk.nowMs) / secondMs,
  ])
}

describe('when a receiver is told', () => {
  it('waits for what belongs together, then for the interval, then reminds, and says when it is over', async () => {
    await using world = await open()
    const { desk, receiver } = world
    await desk.note([{}])
    expect(await because(desk)).toEqual([['group_wait', 30]])
    desk.nowMs += 29 * secondMs
    expect(await desk.deliver()).toMatchObject({ sent: 0 })
    // Another one about the same entity joins.
    await desk.note([{ incident: incidentId('b'), title: 'Password spraying' }])
    desk.nowMs += secondMs
    expect(await desk.deliver()).toMatchObject({ sent: 1 })
    expect(events(receiver)).toEqual(['trigger'])
    expect((receiver.bodies()[0] as unknown as Told).data.message).toContain('and 1 more')
    expect(await because(desk)).toEqual([
      ['repeat_interval', 4 * 3600],
      ['repeat_interval', 4 * 3600],
    ])

    // More of the same is no news; a third incident is, and waits for the interval since the last message.
    desk.nowMs += minuteMs
    await desk.note([{ change: 'continued', events: 40 }])
    expect(await because(desk)).toEqual([
      ['repeat_interval', 4 * 3600 - 60],
      ['repeat_interval', 4 * 3600 - 60],
    ])
    await desk.note([{ incident: incidentId('c') }])
    expect(new Set((await because(desk)).map(String))).toEqual(new Set(['group_interval,240']))
    desk.nowMs += 4 * minuteMs
    await desk.deliver()
    expect(events(receiver)).toEqual(['trigger', 'update'])

    desk.nowMs += 4 * hourMs - 1
    expect(await desk.deliver()).toMatchObject({ sent: 0 })
    desk.nowMs += 1
    await desk.deliver()
    expect(events(receiver)).toEqual(['trigger', 'update', 'repeat'])

    for (const name of ['a', 'b', 'c']) await desk.note([{ incident: incidentId(name), change: 'closed' }])
    desk.nowMs += 5 * minuteMs
    await desk.deliver()
    expect(events(receiver)).toEqual(['trigger', 'update', 'repeat', 'resolve'])
    desk.nowMs += 8 * hourMs
    expect(await desk.deliver()).toMatchObject({ sent: 0 })
    expect(await because(desk)).toEqual([])
  })

  it('tells of something critical at once, and of the raise to it', async () => {
    await using world = await open()
    const { desk, receiver } = world
    await desk.note([{ severity: 'critical' }])
    expect(await because(desk)).toEqual([['critical', 0]])
    expect(await desk.deliver()).toMatchObject({ sent: 1 })

    await desk.note([{ incident: incidentId('x'), entity: { kind: 'user', id: 'u1' }, severity: 'medium' }])
    desk.nowMs += 30 * secondMs
    await desk.deliver()
    desk.nowMs += secondMs
    await desk.note([
      { incident: incidentId('x'), entity: { kind: 'user', id: 'u1' }, severity: 'critical', change: 'raised' },
    ])
    expect(await desk.deliver()).toMatchObject({ sent: 1 })
    expect(events(receiver)).toEqual(['trigger', 'trigger', 'update'])
    // A group that is critical already does not storm.
    desk.nowMs += secondMs
    await desk.note([{ incident: incidentId('y'), entity: { kind: 'user', id: 'u1' }, severity: 'critical' }])
    expect(await desk.deliver()).toMatchObject({ sent: 0 })
  })

  it('says of an incident that was over before it was told both that it was and that it is over', async () => {
    await using world = await open()
    const { desk, receiver } = world
    await desk.note([{}])
    desk.nowMs += secondMs
    await desk.note([{ change: 'closed' }])
    // And of one whose end is the first that is heard of it.
    await desk.note([{ incident: incidentId('z'), entity: { kind: 'net', id: '198.51.100.0/24' }, change: 'closed' }])
    desk.nowMs += 30 * secondMs
    await desk.deliver()
    desk.nowMs += 5 * minuteMs
    await desk.deliver()
    expect(events(receiver)).toEqual(['trigger', 'trigger', 'resolve', 'resolve'])
  })

  it('opens a new notification when the same incident comes back', async () => {
    await using world = await open({ group_wait_s: 0, group_interval_s: 0 })
    const { desk, receiver } = world
    for (const change of ['opened', 'closed', 'opened', 'closed'] as const) {
      desk.nowMs += hourMs
      await desk.note([{ change }])
      await desk.deliver()
    }
    expect(events(receiver)).toEqual(['trigger', 'resolve', 'trigger', 'resolve'])
    const ids = await desk.rows('select distinct notification from security.deliveries')
    expect(ids).toHaveLength(2)
  })

  it('groups by rule where a route says so', async () => {
    await using world = await open({ group_by: 'rule', min_severity: 'low' })
    const { desk, receiver } = world
    await desk.note(
      Array.from({ length: 30 }, (_, index) => ({
        incident: incidentId(`n${index}`),
        severity: 'low' as const,
        rules: ['route_probing'],
        entity: { kind: 'ip' as const, id: `198.51.100.${index}` },
      })),
    )
    desk.nowMs += 30 * secondMs
    expect(await desk.deliver()).toMatchObject({ sent: 1 })
    expect((receiver.bodies()[0] as unknown as Told).data.message).toContain('and 29 more')
    const { data } = receiver.bodies()[0] as { data: { finding_info_list: unknown[]; unmapped: { more: number } } }
    expect([data.finding_info_list.length, data.unmapped.more]).toEqual([20, 10])
  })

  it('tells nobody of what is on trial or too mild, and says so', async () => {
    await using world = await open()
    const { desk } = world
    await desk.note([{ quiet: true }, { incident: incidentId('b'), severity: 'low' }])
    expect((await because(desk)).map(([why]) => why).sort()).toEqual(['below_routes', 'quiet'])
    desk.nowMs += hourMs
    expect(await desk.deliver()).toMatchObject({ sent: 0 })
    // It is promoted, or becomes worse.
    await desk.note([{}, { incident: incidentId('b'), severity: 'high', change: 'raised' }])
    desk.nowMs += minuteMs
    expect(await desk.deliver()).toMatchObject({ sent: 1 })
  })

  it('keeps tenants apart, and their own routes before those of everybody', async () => {
    await using world = await open()
    const { desk, receiver } = world
    const route = { name: 'only-critical', receiver: 'ops', kind: 'webhook', min_severity: 'critical' }
    await desk.run('set_alert_routes', { tenant: 'quiet', routes: [route] }, { submitter: 'ada' })
    await desk.note([{}], 'quiet')
    await desk.note([{}], 'loud')
    desk.nowMs += minuteMs
    expect(await desk.deliver()).toMatchObject({ sent: 1 })
    expect(receiver.received[0]?.body).toContain('"tenant_uid":"loud"')
    expect(startMs).toBeLessThan(desk.nowMs)
  })
})
