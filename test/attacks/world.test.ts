import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { derive } from '../../bees/security/events/derive.ts'
import { type SecurityEvent, securityEvent } from '../../bees/security/events/event.ts'
import { randomFrom } from '../support/index.ts'
import { day, epochMs, hour } from './clock.ts'
import { allDetections } from './scenarios/index.ts'
import { createWorld, type WorldOptions } from './world.ts'

const small = { seed: 11, users: 250, warmupDays: 2, weeks: 1 } as const

function* eventsOf(options: WorldOptions): Generator<SecurityEvent> {
  for (const today of createWorld(options).stream) yield* today
}

function digest(options: WorldOptions): string {
  const hash = createHash('sha256')
  for (const event of eventsOf(options)) hash.update(JSON.stringify(event))
  return hash.digest('hex')
}

describe('the stream', () => {
  it('is the same for the same seed, and another for another', () => {
    const first = digest(small)
    expect(digest(small)).toBe(first)
    expect(digest({ ...small, seed: 12 })).not.toBe(first)
  })

  it('keeps to the schema, is sorted, and no id comes twice', () => {
    const random = randomFrom(5)
    const seen = new Set<string>()
    const kinds = new Set<string>()
    let last = 0
    for (const event of eventsOf(small)) {
      expect(event.time).toBeGreaterThanOrEqual(last)
      last = event.time
      expect(seen.has(event.id), event.id).toBe(false)
      seen.add(event.id)
      // Every kind of event of every source, and one in twenty of the rest.
      const kind = `${event.source} ${event.action} ${event.status_id} ${event.error_code}`
      if (kinds.has(kind) && random.next() > 0.05) continue
      kinds.add(kind)
      expect(securityEvent.parse(event)).toEqual(event)
      // What the ingest derives is derived in the same way.
      const { class_uid: _c, activity_id: _a, account: _n, src_net: _s, ...draft } = event
      expect(derive(draft, event.tenant)).toEqual(event)
    }
    expect(seen.size).toBeGreaterThan(20_000)
  })

  it('makes at least 50 000 events in a second of processor time', () => {
    const began = process.cpuUsage()
    let count = 0
    for (const today of createWorld({ ...small, users: 1000 }).stream) count += today.length
    const { user, system } = process.cpuUsage(began)
    expect(count / ((user + system) / 1e6)).toBeGreaterThan(50_000)
  })
})

describe('the truth', () => {
  it('knows every attack of both paces, with its events, its time and its entities', () => {
    const world = createWorld({ ...small, weeks: 2 })
    const byId = new Map<string, SecurityEvent>()
    for (const today of world.stream) for (const event of today) byId.set(event.id, event)
    expect(world.attacks.map(({ name }) => name)).toEqual(
      allDetections.flatMap((each) => [`${each}-fast`, `${each}-slow`]),
    )
    const owners = new Set<string>()
    for (const attack of world.attacks) {
      expect(attack.endMs, attack.name).toBeGreaterThanOrEqual(attack.beginMs)
      expect(attack.entities.size, attack.name).toBeGreaterThan(0)
      expect(attack.times.length, attack.name).toBe(attack.events.size)
      expect(attack.times, attack.name).toEqual([...attack.times].sort((a, b) => a - b))
      // A silence has no events; everything else has.
      if (attack.name !== '28-fast') expect(attack.events.size, attack.name).toBeGreaterThan(1)
      for (const id of attack.events) {
        expect(byId.has(id)).toBe(true)
        expect(owners.has(id), `${id} belongs to two attacks`).toBe(false)
        owners.add(id)
      }
      expect(attack.beginMs).toBeGreaterThanOrEqual(epochMs + 2 * day - hour)
      expect(attack.endMs).toBeLessThan(epochMs + world.days * day)
    }
    expect(owners.size / byId.size).toBeLessThan(0.4)
  })

  it('slow attacks are slower than fast ones', () => {
    for (let seed = 1; seed <= 3; seed += 1) {
      const world = createWorld({ ...small, seed, weeks: 2 })
      for (const _ of world.stream);
      for (const detection of allDetections) {
        const [fast, slow] = ['fast', 'slow'].map((pace) =>
          world.attacks.find(({ name }) => name === `${detection}-${pace}`),
        )
        const span = (attack: typeof fast): number => (attack?.endMs ?? 0) - (attack?.beginMs ?? 0)
        expect(span(slow), `${detection}, seed ${seed}`).toBeGreaterThan(span(fast))
      }
    }
  })

  it('a silenced source says nothing while the attack lasts', () => {
    const world = createWorld({ ...small, detections: [28], paces: ['fast'] })
    const heard: SecurityEvent[] = []
    for (const today of world.stream) heard.push(...today.filter(({ action }) => action === 'heartbeat'))
    const attack = world.attacks[0]
    const source = [...(attack?.entities ?? [])][0]?.replace('source:', '')
    const inIt = heard.filter(({ time }) => time >= (attack?.beginMs ?? 0) && time < (attack?.endMs ?? 0))
    expect(inIt.length).toBeGreaterThan(20)
    expect(inIt.filter((event) => event.source === source)).toEqual([])
  })
})

describe('a benign week', () => {
  const events = [...eventsOf({ seed: 3, users: 1000, warmupDays: 15, weeks: 0, detections: [] })].filter(
    ({ time }) => time >= epochMs,
  )
  const count = (of: (event: SecurityEvent) => boolean): number => events.filter(of).length

  it('has no attack', () => expect(createWorld({ ...small, detections: [] }).attacks).toEqual([]))

  it('sleeps at night and rests at the weekend', () => {
    const logins = events.filter(
      ({ action, status_id, country }) => action === 'login' && status_id === 1 && country === 'DE',
    )
    const at = (from: number, to: number): number =>
      logins.filter(({ time }) => (time / hour) % 24 >= from && (time / hour) % 24 < to).length
    expect(at(7, 11)).toBeGreaterThan(4 * at(0, 4))
    const onDay = (index: number): number =>
      count(({ action, time }) => action === 'http_request' && Math.floor((time - epochMs) / day) === index)
    expect(onDay(6)).toBeLessThan(0.8 * onDay(1))
  })

  it('has the failures that people make', () => {
    const good = count(({ action, status_id }) => action === 'login' && status_id === 1)
    const bad = count(({ action, status_id }) => action === 'login' && status_id === 2)
    expect(good).toBeGreaterThan(1_000)
    expect(bad / (good + bad)).toBeGreaterThan(0.05)
    expect(bad / (good + bad)).toBeLessThan(0.3)
    const declined = count(({ action, status_id }) => action === 'payment_attempt' && status_id === 2)
    const paid = count(({ action }) => action === 'payment_attempt')
    expect(declined / paid).toBeGreaterThan(0.05)
    expect(declined / paid).toBeLessThan(0.35)
  })

  it('has every population that looks like an attack', () => {
    const distinct = (items: readonly (string | number | undefined)[]): number => new Set(items).size
    const byUser = Map.groupBy(
      events.filter(({ user_uid }) => user_uid !== undefined),
      ({ user_uid }) => user_uid,
    )
    const byAddress = Map.groupBy(
      events.filter(({ src_ip }) => src_ip !== undefined),
      ({ src_ip }) => src_ip,
    )
    const office = Math.max(...[...byAddress.values()].map((own) => distinct(own.map(({ user_uid }) => user_uid))))
    expect(office, 'people behind one address').toBeGreaterThan(40)
    const networks = Math.max(...[...byUser.values()].map((own) => distinct(own.map(({ src_ip }) => src_ip))))
    expect(networks, 'addresses of one person').toBeGreaterThan(15)
    const perDay = Map.groupBy(
      events.filter(({ action }) => action === 'signup'),
      ({ time }) => Math.floor((time - epochMs) / day),
    )
    expect(Math.max(...[...perDay.values()].map((own) => own.length)), 'a campaign').toBeGreaterThan(200)
    expect(
      count(({ action, rows = 0 }) => action === 'data_export' && rows > 15_000),
      'nightly exports',
    ).toBe(15)
    expect(
      count(({ error_code }) => error_code === 'refresh_token_already_used'),
      'refresh races',
    ).toBeGreaterThan(2)
    const failures = [...byUser.values()].map(
      (own) => own.filter(({ action, status_id }) => action === 'login' && status_id === 2).length,
    )
    expect(Math.max(...failures), 'a password manager with an old password').toBeGreaterThan(5)
    expect(count(({ network_type }) => network_type === 'vpn')).toBeGreaterThan(100)
    expect(count(({ resource, status_code }) => resource === 'contacts' && status_code === 404)).toBeGreaterThan(100)
    const runners = events.filter(({ api_key_id }) => api_key_id === 'sk_ci')
    expect(distinct(runners.map(({ src_ip }) => src_ip)), 'addresses of the CI').toBeGreaterThan(20)
    expect(distinct(runners.map(({ asn }) => asn))).toBe(2)
    const travellers = [...byUser.values()].filter(
      (own) =>
        distinct(own.filter(({ network_type }) => network_type === 'business').map(({ country }) => country)) > 0,
    )
    expect(travellers.length).toBeGreaterThan(4)
  })
})
