import { describe, expect, it } from 'vitest'
import { severities } from '../../../../bees/security/findings.ts'
import { seededRandom } from '../../../support/index.ts'
import { incidentId, minuteMs, openDesk, secondMs, whsec } from './desk.ts'
import { type Received, startReceiver, status } from './receiver-server.ts'

interface Told {
  readonly notification: string
  readonly sequence: number
  readonly event: string
}
const toldIn = ({ body }: Received): Told => {
  const { data } = JSON.parse(body)
  return {
    notification: data.metadata.correlation_uid,
    sequence: data.metadata.sequence,
    event: data.unmapped.event,
  }
}

describe('many at once', () => {
  it('whatever happens in whatever order: each beginning has its end, in order, and nothing is told twice', async () => {
    const random = seededRandom()
    await using receiver = await startReceiver()
    const accepted: Received[] = []
    const settings = [
      { kind: 'webhook', name: 'a', url: `${receiver.url}/a`, secrets: [whsec()] },
      { kind: 'webhook', name: 'b', url: `${receiver.url}/b`, secrets: [whsec()], route: { group_by: 'rule' } },
    ]
    receiver.answer = (request, response) => {
      const isWell = random.next() > 0.2
      if (isWell) accepted.push(request)
      response.writeHead(isWell ? 200 : 503).end()
    }
    await using desk = await openDesk({ receivers: settings })
    const hives = [desk, await openDesk({ receivers: settings, database: desk.database })]
    const move = (ms: number) => {
      desk.nowMs += ms
      for (const hive of hives) hive.nowMs = desk.nowMs
    }
    const open = new Set<number>()
    const who = (one: number) => ({
      incident: incidentId(`n${one}`),
      entity: { kind: 'user' as const, id: `user-${one % 7}` },
      rules: [`rule_${one % 3}`],
    })
    for (let step = 0; step < 60; step += 1) {
      const one = random.integer(0, 19)
      const severity = severities[random.integer(2, 4)] ?? 'high'
      const change = open.has(one) ? (['raised', 'continued', 'closed'] as const)[random.integer(0, 2)] : 'opened'
      if (change === 'closed') open.delete(one)
      else open.add(one)
      const work: Promise<unknown>[] = hives.map((hive) => hive.deliver())
      work.push(desk.note([{ ...who(one), severity, change: change ?? 'opened' }]))
      if (step % 10 === 3) {
        const input = { tenant: 'acme', rule: `rule_${one % 3}`, reason: 'drawn at random', minutes: 20 }
        work.push(desk.run('silence_alerts', input, { submitter: 'ada' }))
      }
      if (step % 7 === 5) {
        work.push(desk.run('ack_incident', { tenant: 'acme', incident: incidentId(`n${one}`) }, { submitter: 'ada' }))
      }
      await Promise.all(work)
      move(random.integer(1, 400) * secondMs)
    }
    receiver.answer = (request, response) => {
      accepted.push(request)
      response.writeHead(200).end()
    }
    await desk.note([...open].map((one) => ({ ...who(one), change: 'closed' as const })))
    for (let round = 0; round < 12; round += 1) {
      move(20 * minuteMs)
      await Promise.all(hives.map((hive) => hive.deliver()))
    }

    const ids = accepted.map(({ headers }) => headers['webhook-id'])
    expect(ids.length).toBe(new Set(ids).size)
    expect(ids.length).toBeGreaterThan(20)
    const byNotification = Map.groupBy(accepted.map(toldIn), ({ notification }) => notification)
    for (const [notification, all] of byNotification) {
      const events = all.map(({ event }) => event)
      expect(events[0], notification).toBe('trigger')
      expect(events.filter((event) => event === 'resolve').length, `${notification}: ${events.join()}`).toBe(1)
      expect(events.at(-1), notification).toBe('resolve')
      expect(all.map(({ sequence }) => sequence)).toEqual(all.map((_one, index) => index + 1))
    }
    const left = await desk.rows(`select state, count(*)::integer from security.notifications group by state`)
    expect(left.map(({ state }) => state)).toEqual(['resolved'])
    const unfinished = await desk.rows(`select state from security.deliveries where state <> 'sent'`)
    expect(unfinished).toEqual([])
  }, 60_000)

  it('notes and tells of 200 incidents well inside the time of a transaction', async () => {
    await using receiver = await startReceiver()
    await using desk = await openDesk({
      receivers: [
        { kind: 'webhook', name: 'a', url: receiver.url, secrets: [whsec()], route: { group_wait_s: 0 } },
        { kind: 'slack', name: 's', url: receiver.url, route: { group_by: 'all', group_wait_s: 0 } },
      ],
    })
    await desk.deliver()
    const beganMs = performance.now()
    await desk.note(
      Array.from({ length: 200 }, (_, index) => ({
        incident: incidentId(`m${index}`),
        entity: { kind: 'user' as const, id: `user-${index}` },
        explanation: 'x'.repeat(1500),
      })),
    )
    const notedMs = performance.now() - beganMs
    expect(notedMs).toBeLessThan(3000)
    receiver.answer = status(200, 'ok')
    let sent = 0
    for (let run = 0; run < 30 && sent < 201; run += 1) sent += (await desk.deliver()).sent
    expect(sent).toBe(201)
  }, 60_000)
})
