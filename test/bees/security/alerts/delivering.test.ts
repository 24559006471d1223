import { describe, expect, it } from 'vitest'
import { until } from '../../../support/index.ts'
import { type AlertDesk, hourMs, incidentId, minuteMs, openDesk, secondMs, whsec } from './desk.ts'
import { runToKill } from './kill-child.ts'
import { type ReceiverServer, startReceiver, status } from './receiver-server.ts'

const secret = whsec()
const hook = (receiver: ReceiverServer, more: Record<string, unknown> = {}) => ({
  ...{ kind: 'webhook', name: 'ops', url: `${receiver.url}/hook`, secrets: [secret], timeout_ms: 5000 },
  route: { group_wait_s: 0 },
  ...more,
})
const ids = (receiver: ReceiverServer) => receiver.received.map(({ headers }) => headers['webhook-id'])
const states = async (desk: AlertDesk) =>
  (
    await desk.rows('select state, attempts, problem, status_code from security.deliveries order by created_at, id')
  ).map(({ state, attempts, problem, status_code }) => [state, attempts, problem, status_code])

describe('sending once', () => {
  it('does not tell again what was told before a restart, and tells what was not', async () => {
    await using receiver = await startReceiver()
    await using desk = await openDesk({ receivers: [hook(receiver)] })
    await desk.deliver()
    await desk.note([{}])
    await desk.deliver()
    // Another hive, of which nothing is left but the database and the same settings.
    const other = await openDesk({ receivers: [hook(receiver)], database: desk.database })
    other.nowMs = desk.nowMs
    expect(await other.deliver()).toMatchObject({ sent: 0 })
    expect(receiver.received).toHaveLength(1)
    other.nowMs += hourMs
    await other.note([{ change: 'closed' }])
    await other.deliver()
    expect(receiver.received).toHaveLength(2)
  })

  it('is shared by two executors at once without a double', async () => {
    await using receiver = await startReceiver()
    await using desk = await openDesk({ receivers: [hook(receiver)] })
    const other = await openDesk({ receivers: [hook(receiver)], database: desk.database })
    await desk.deliver()
    const count = 24
    await desk.note(
      Array.from({ length: count }, (_, index) => ({
        incident: incidentId(`i${index}`),
        entity: { kind: 'user' as const, id: `user-${index}` },
      })),
    )
    const runs = await Promise.all([desk.deliver(), other.deliver(), desk.deliver(), other.deliver()])
    expect(runs.reduce((sum, { sent }) => sum + sent, 0)).toBe(count)
    expect(new Set(ids(receiver)).size).toBe(count)
    expect(receiver.received).toHaveLength(count)
  })

  it('repeats with the same id and the same content when a hive is killed between sending and recording', async () => {
    await using receiver = await startReceiver()
    await using desk = await openDesk({ receivers: [hook(receiver, { timeout_ms: 5000 })] })
    await desk.deliver()
    await desk.note([{}])
    await using child = await runToKill(desk, JSON.stringify([hook(receiver, { timeout_ms: 5000 })]))
    // It has sent, and dies (kill -9) before it hears the answer.
    receiver.answer = () => child.kill()
    await until(() => child.killed, { what: 'the end of the child', timeoutMs: 20_000 })
    expect(await states(desk)).toEqual([['sending', 1, null, null]])

    receiver.answer = status(200, 'ok')
    desk.nowMs += 59 * secondMs
    expect(await desk.deliver(), 'the lease holds').toMatchObject({ sent: 0 })
    desk.nowMs += 2 * secondMs
    expect(await desk.deliver()).toMatchObject({ sent: 1 })
    expect(receiver.received).toHaveLength(2)
    expect(new Set(ids(receiver)).size).toBe(1)
    expect(receiver.received[1]?.body).toBe(receiver.received[0]?.body)
    expect(await states(desk)).toEqual([['sent', 2, null, null].with(3, 200)])
  })

  it('lets who was overtaken record that it has been sent, and nothing else', async () => {
    await using receiver = await startReceiver()
    await using desk = await openDesk({ receivers: [hook(receiver)] })
    await desk.deliver()
    await desk.note([{}])
    const [one] = await desk.rows(`select security.alerts_step($1, '{"process":"p1"}') as reply`, [
      {
        op: 'alerts_claim',
        at_ms: desk.nowMs,
        lease_s: 60,
        most: 20,
        receivers: [{ name: 'ops', kind: 'webhook', route: null, ready: true }],
      },
    ])
    const reply = one?.['reply'] as { deliveries: { id: string }[] } | undefined
    const id = reply?.deliveries[0]?.id
    desk.nowMs += minuteMs + 1
    receiver.answer = status(503)
    await desk.deliver()
    const settle = async (outcome: string) =>
      (
        await desk.rows(`select security.alerts_step($1, '{}') as reply`, [
          { op: 'alerts_settle', at_ms: desk.nowMs, id, fence: 1, outcome, most_attempts: 12, wait_ms: 0 },
        ])
      )[0]?.['reply']
    expect(await settle('dead')).toEqual({ state: 'waiting', changed: false })
    expect(await settle('sent')).toEqual({ state: 'sent', changed: true })
    expect(await settle('sent')).toEqual({ state: 'sent', changed: false })
  })
})

describe('receivers that do not answer well', () => {
  async function oneMessage(more: Record<string, unknown> = {}) {
    const receiver = await startReceiver()
    const desk = await openDesk({ receivers: [hook(receiver, more)] })
    await desk.deliver()
    await desk.note([{}])
    const close = async () => {
      await receiver[Symbol.asyncDispose]()
      await desk[Symbol.asyncDispose]()
    }
    return { receiver, desk, [Symbol.asyncDispose]: close }
  }

  it('sends again after a 500, with a wait that grows, under the same id', async () => {
    await using world = await oneMessage()
    const { receiver, desk } = world
    receiver.answer = status(500)
    const waits: number[] = []
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      expect(await desk.deliver()).toMatchObject({ retried: 1 })
      const [row] = await desk.rows(`select extract(epoch from due_at) * 1000 as due from security.deliveries`)
      waits.push(Number(row?.['due']) - desk.nowMs)
      desk.nowMs = Number(row?.['due']) - 1
      expect(await desk.deliver(), 'not before its time').toMatchObject({ sent: 0, retried: 0 })
      desk.nowMs += 1
    }
    // Half of 2, 4 and 8 s: the draw of this test is 0.5.
    expect(waits).toEqual([1000, 2000, 4000])
    receiver.answer = status(200)
    expect(await desk.deliver()).toMatchObject({ sent: 1 })
    expect(new Set(ids(receiver)).size).toBe(1)
    expect(receiver.received).toHaveLength(4)
  })

  it('waits as long as a 429 asks for, and leaves the receiver alone meanwhile', async () => {
    await using world = await oneMessage()
    const { receiver, desk } = world
    receiver.answer = status(429, '', { 'retry-after': '120' })
    await desk.note([{ incident: incidentId('b'), entity: { kind: 'user', id: 'u' } }])
    const first = await desk.deliver()
    expect(first.retried).toBeGreaterThan(0)
    const [row] = await desk.rows(`select max(extract(epoch from due_at)) * 1000 as due from security.deliveries`)
    expect(Number(row?.['due']) - desk.nowMs).toBeGreaterThanOrEqual(120_000)
    const before = receiver.received.length
    await desk.deliver()
    expect(receiver.received).toHaveLength(before)
  })

  it.each([
    [410, 'gone'],
    [400, 'refused'],
    [401, 'refused'],
    [308, 'redirected'],
  ])('gives up at once on %i, and keeps it as a dead letter that can be sent again', async (code, problem) => {
    await using world = await oneMessage()
    const { receiver, desk } = world
    receiver.answer = status(code, 'https://secret.example/token', { location: 'http://169.254.169.254/latest' })
    expect(await desk.deliver()).toMatchObject({ dead: 1 })
    expect(await states(desk)).toEqual([['dead', 1, problem, code]])
    const { output } = await desk.run('show_alerts', { tenant: 'acme' })
    expect(output).toMatchObject({ dead: [{ receiver: 'ops', problem, status: code }] })
    receiver.answer = status(204)
    await desk.run('resend_alerts', { tenant: 'acme', receiver: 'ops' }, { submitter: 'ada' })
    expect(await desk.deliver()).toMatchObject({ sent: 1 })
  })

  it('gives up after 12 tries, and after a day', async () => {
    await using world = await oneMessage()
    const { receiver, desk } = world
    receiver.answer = status(502)
    await desk.rows('update security.deliveries set attempts = 11')
    // The message is made by the first run.
    await desk.deliver()
    await desk.rows('update security.deliveries set attempts = 11')
    desk.nowMs += minuteMs
    expect(await desk.deliver()).toMatchObject({ dead: 1 })
    expect(await states(desk)).toEqual([['dead', 12, 'unwell', 502]])

    await desk.note([{ incident: incidentId('b'), entity: { kind: 'user', id: 'u' } }])
    await desk.deliver()
    desk.nowMs += 25 * hourMs
    await desk.deliver()
    expect((await states(desk)).map(([state]) => state)).toContain('dead')
  })

  it('follows no redirect', async () => {
    await using target = await startReceiver()
    await using world = await oneMessage()
    for (const code of [301, 302, 303, 307, 308]) {
      world.receiver.answer = status(code, '', { location: `${target.url}/stolen` })
      await world.desk.rows('update security.deliveries set state = $1, attempts = 0', ['waiting'])
      world.desk.nowMs += minuteMs
      await world.desk.deliver()
    }
    expect(world.receiver.received.length).toBeGreaterThanOrEqual(4)
    expect(target.received).toHaveLength(0)
  })

  it('does not wait longer than its time for one that hangs or drips', async () => {
    await using world = await oneMessage({ timeout_ms: 300 })
    const { receiver, desk } = world
    receiver.answer = () => undefined
    expect(await desk.deliver()).toMatchObject({ retried: 1 })
    expect(await states(desk)).toEqual([['waiting', 1, 'timeout', null]])

    receiver.answer = (_request, response) => {
      response.writeHead(200)
      const drip = setInterval(() => response.write('.'), 20)
      response.on('close', () => clearInterval(drip))
    }
    desk.nowMs += minuteMs
    expect(await desk.deliver()).toMatchObject({ retried: 1 })
  })

  it('takes no huge body', async () => {
    await using world = await oneMessage()
    const { receiver, desk } = world
    let written = 0
    receiver.answer = (_request, response) => {
      response.writeHead(200)
      const chunk = Buffer.alloc(64 * 1024, 97)
      const more = () => {
        while (!response.destroyed && written < 512 * 1024 * 1024) {
          written += chunk.length
          if (!response.write(chunk)) return void response.once('drain', more)
        }
        response.end()
      }
      more()
    }
    expect(await desk.deliver(), 'the status is the answer of a webhook').toMatchObject({ sent: 1 })
    expect(written).toBeLessThan(16 * 1024 * 1024)
  })

  it('does not hold up the others', async () => {
    await using hanging = await startReceiver()
    await using well = await startReceiver()
    hanging.answer = () => undefined
    await using desk = await openDesk({
      receivers: [hook(hanging, { name: 'hanging', timeout_ms: 3000 }), hook(well, { name: 'well' })],
    })
    await desk.deliver()
    await desk.note(
      Array.from({ length: 10 }, (_, index) => ({
        incident: incidentId(`i${index}`),
        entity: { kind: 'user' as const, id: `user-${index}` },
      })),
    )
    const run = desk.deliver()
    await until(() => well.received.length === 10, {
      what: 'the messages to the receiver that is well',
      timeoutMs: 2900,
    })
    const { sent, retried, held } = await run
    expect([sent, retried + held > 0]).toEqual([10, true])
    // Four in a row have failed: the breaker is open, and the next run asks it nothing.
    const before = hanging.received.length
    desk.nowMs += minuteMs
    await desk.deliver()
    expect(hanging.received).toHaveLength(before)
  })

  it('tells a receiver that is back what is true now', async () => {
    await using world = await oneMessage()
    const { receiver, desk } = world
    receiver.answer = status(503)
    await desk.deliver()
    await desk.note([{ change: 'closed' }])
    receiver.answer = status(200)
    for (let minute = 0; minute < 10; minute += 1) {
      desk.nowMs += minuteMs
      await desk.deliver()
    }
    const types = receiver.bodies().map(({ type }) => type)
    expect(types).toEqual([...['security.incident.trigger', 'security.incident.trigger', 'security.incident.resolve']])
  })
})
