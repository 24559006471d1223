import { expect, it } from 'vitest'
import { hourMs, incidentId, openDesk, whsec } from './desk.ts'
import { startReceiver } from './receiver-server.ts'

const dayMs = 24 * hourMs

it('forgets what is over after 30 days, and keeps what is not', async () => {
  await using receiver = await startReceiver()
  await using desk = await openDesk({
    receivers: [
      {
        ...{ kind: 'webhook', name: 'ops', url: receiver.url, secrets: [whsec()] },
        route: { group_wait_s: 0, group_interval_s: 0, repeat_interval_s: 2_678_400 },
      },
    ],
  })
  await desk.deliver()
  await desk.note([{}, { incident: incidentId('b'), entity: { kind: 'user', id: 'u' } }])
  await desk.deliver()
  await desk.note([{ change: 'closed' }])
  await desk.deliver()
  const counts = async () =>
    (
      await desk.rows(`
        select (select count(*)::integer from security.alerts) as alerts,
          (select count(*)::integer from security.notifications) as notifications,
          (select count(*)::integer from security.deliveries) as deliveries,
          (select count(*)::integer from security.notification_members) as members`)
    )[0]
  expect(await counts()).toEqual({ alerts: 2, notifications: 2, deliveries: 3, members: 1 })
  desk.nowMs += 29 * dayMs
  await desk.deliver()
  expect(await counts()).toEqual({ alerts: 2, notifications: 2, deliveries: 3, members: 1 })
  desk.nowMs += 1.5 * dayMs
  await desk.deliver()
  expect(await counts()).toEqual({ alerts: 1, notifications: 1, deliveries: 0, members: 1 })
})

it('does not keep for ever what waits for a receiver that nobody has any more', async () => {
  await using receiver = await startReceiver()
  const settings = (name: string) => [{ kind: 'webhook', name, url: receiver.url, secrets: [whsec()] }]
  await using desk = await openDesk({ receivers: settings('old') })
  await desk.deliver()
  await desk.note([{}])
  const other = await openDesk({ receivers: settings('new'), database: desk.database })
  other.nowMs = desk.nowMs + 8 * dayMs
  await other.deliver()
  expect(await desk.rows(`select receiver from security.notifications where receiver = 'old'`)).toEqual([])
  // Its route counts no more either: what happens now waits for nobody.
  desk.nowMs = other.nowMs
  await desk.note([{ incident: incidentId('b'), entity: { kind: 'user', id: 'u' } }])
  expect(await desk.rows(`select receiver from security.notifications where receiver = 'old'`)).toEqual([])
  expect(receiver.received).toHaveLength(0)
})
