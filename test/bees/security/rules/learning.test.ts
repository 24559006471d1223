import { describe, expect, test } from 'vitest'
import type { SecurityEvent } from '../../../../bees/security/events/event.ts'
import { distanceKm } from '../../../../bees/security/rules/kinds/travel.ts'
import { day, event, hitsOf, hour, minute, play, rulesOf, second, series } from './playing.ts'

const login = (atMs: number, parts: Partial<SecurityEvent> = {}) =>
  event(atMs, { status_id: 1, user_uid: 'u', ...parts })
const detection = { login: { action: 'login', status_id: 1 } }

describe('new_value', () => {
  const rules = (parts: Record<string, unknown> = {}) =>
    rulesOf({ detection, any: [{ kind: 'new_value', by: ['user_uid'], fields: ['asn'], learn: '14d', ...parts }] })
  const daily = (days: number, asn = 1) => series(days, day, () => ({ status_id: 1, user_uid: 'u', asn }))

  test('learns in silence, then tells once', () => {
    expect(hitsOf(rules(), [...daily(14), login(14 * day - 1, { asn: 2 })])).toBe(0)
    expect(hitsOf(rules(), [...daily(14), login(14 * day, { asn: 2 })])).toBe(1)
    expect(hitsOf(rules(), [...daily(14), login(14 * day, { asn: 2 }), login(15 * day, { asn: 2 })])).toBe(1)
    expect(hitsOf(rules(), [...daily(14), login(14 * day, { asn: 1 })])).toBe(0)
    expect(hitsOf(rules(), [...daily(14), login(14 * day)])).toBe(0)
  })

  test('a new person is not new in everything, unless the tenant is what learns', () => {
    const stranger = login(20 * day, { user_uid: 'v', asn: 9 })
    expect(hitsOf(rules(), [...daily(20), stranger])).toBe(0)
    expect(hitsOf(rules({ learn_from: 'tenant' }), [...daily(20), stranger])).toBe(1)
  })

  test('asks for events as well as for days', () => {
    const many = rules({ learn_events: 5 })
    expect(hitsOf(many, [login(0, { asn: 1 }), login(15 * day, { asn: 2 })])).toBe(0)
    expect(hitsOf(many, [...daily(15), login(15 * day, { asn: 2 })])).toBe(1)
  })

  test('counts new ones in a window', () => {
    const three = rules({ within: '1h', gte: 3 })
    const fresh = (...atMinutes: number[]) =>
      atMinutes.map((at, asn) => login(15 * day + at * minute, { asn: asn + 2 }))
    expect(hitsOf(three, [...daily(15), ...fresh(0, 10)])).toBe(0)
    expect(hitsOf(three, [...daily(15), ...fresh(0, 10, 59)])).toBe(1)
    expect(hitsOf(three, [...daily(15), ...fresh(0, 10, 60)])).toBe(0)
  })

  test('a new one that comes weeks late is learned and holds nothing up', () => {
    const two = rules({ within: '1h', gte: 2 })
    const late = login(16 * day, { asn: 7 })
    const again = [login(40 * day + minute, { asn: 7 }), login(40 * day + 2 * minute, { asn: 8 })]
    expect(hitsOf(two, [...daily(40), login(40 * day, { asn: 1 }), late, ...again])).toBe(0)
  })

  test('forgets, and its memory has an end', () => {
    const short = rules({ forget: '30d' })
    expect(
      hitsOf(short, [
        ...daily(20, 1),
        ...series(40, day, () => ({ status_id: 1, user_uid: 'u', asn: 2 }), 20 * day),
        login(60 * day, { asn: 1 }),
      ]),
    ).toBe(2)
    const small = rules({ memory: 2 })
    const events = [1, 2, 3].map((asn) => login(asn, { asn }))
    expect(hitsOf(small, [...events, login(15 * day, { asn: 3 }), login(15 * day + 1, { asn: 1 })])).toBe(1)
  })

  test('learns from events of long ago without telling them', () => {
    const known = [login(30 * day, { asn: 1 }), login(day, { asn: 7 }), login(31 * day, { asn: 7 })]
    expect(hitsOf(rules(), known)).toBe(0)
    expect(hitsOf(rules(), [login(0, { asn: 1 }), login(30 * day, { asn: 1 }), login(31 * day, { asn: 7 })])).toBe(1)
  })
})

describe('gap', () => {
  const rules = rulesOf({
    detection: { ...detection, abroad: { country: 'XX' } },
    // biome-ignore lint/suspicious/noThenProperty: it is a word of the rule format
    any: [{ kind: 'gap', of: 'login', then: 'login and not abroad', by: ['user_uid'], longer: '90d' }],
  })

  test('fires on the first event after the silence', () => {
    expect(hitsOf(rules, [login(0), login(90 * day)])).toBe(0)
    const { findings } = play(rules, [login(0), login(90 * day + 1), login(91 * day)])
    expect(findings).toHaveLength(1)
    expect(hitsOf(rules, [login(0), login(45 * day), login(100 * day)])).toBe(0)
    expect(hitsOf(rules, [login(0), login(91 * day, { country: 'XX' })])).toBe(0)
    expect(hitsOf(rules, [login(0)])).toBe(0)
    expect(play(rules, [login(0), login(200 * day)]).findings[0]?.facts['silent']).toBe('200 d')
  })

  test('a backfill teaches when somebody was here last', () => {
    expect(hitsOf(rules, [login(200 * day, { user_uid: 'v' }), login(0), login(201 * day)])).toBe(1)
  })
})

describe('baseline', () => {
  const rules = (parts: Record<string, unknown> = {}) =>
    rulesOf({
      detection: { read: { action: 'data_read' } },
      any: [
        {
          kind: 'baseline',
          by: ['user_uid'],
          field: 'rows',
          within: '1h',
          factor: 10,
          min: 5000,
          learn: '7d',
          ...parts,
        },
      ],
    })
  const read = (atMs: number, rows: number) => event(atMs, { action: 'data_read', user_uid: 'u', rows })
  const usual = (hours: number) => Array.from({ length: hours }, (_, at) => read(at * hour, 800 + (at % 5) * 50))

  test('compares with what is usual for the group', () => {
    expect(hitsOf(rules(), [...usual(200), read(200 * hour, 9000)])).toBe(0)
    const { findings } = play(rules(), [...usual(200), read(200 * hour, 20_000)])
    expect(findings).toHaveLength(1)
    expect(Number(findings[0]?.facts['usual'])).toBeGreaterThan(850)
    expect(Number(findings[0]?.facts['usual'])).toBeLessThan(1150)
    expect(findings[0]?.facts['sum']).toBe(20_000)
  })

  test('many small reads are one sum', () => {
    const drip = Array.from({ length: 100 }, (_, at) => read(200 * hour + at * 30 * second, 150))
    expect(hitsOf(rules(), [...usual(200), ...drip])).toBeGreaterThan(0)
  })

  test('a small number is no export, however many times the usual', () => {
    const tiny = Array.from({ length: 200 }, (_, at) => read(at * hour, 1))
    expect(hitsOf(rules(), [...tiny, read(200 * hour, 4999)])).toBe(0)
    expect(hitsOf(rules(), [...tiny, read(200 * hour, 5000)])).toBe(1)
  })

  test('is silent while it learns, but for what is much for anybody', () => {
    expect(hitsOf(rules(), [...usual(100), read(100 * hour, 50_000)])).toBe(0)
    expect(hitsOf(rules({ cold: 40_000 }), [...usual(100), read(100 * hour, 50_000)])).toBe(1)
  })

  test('an attack does not become usual in a few days', () => {
    const attack = Array.from({ length: 48 }, (_, at) => read((200 + at) * hour, 100_000))
    expect(hitsOf(rules(), [...usual(200), ...attack])).toBeGreaterThanOrEqual(10)
  })
})

describe('travel', () => {
  const rules = rulesOf({
    detection: { ...detection, vpn: { network_type: ['vpn', 'relay'] } },
    any: [{ kind: 'travel', of: 'login', by: ['user_uid'], faster: 900, farther: 500, skip: 'vpn' }],
  })
  const paris = { lat: 48.857, long: 2.353, country: 'FR' }
  const tokyo = { lat: 35.682, long: 139.759, country: 'JP' }
  const lyon = { lat: 45.764, long: 4.836, country: 'FR' }

  test('measures the distance on the globe', () => {
    expect(distanceKm(48.857, 2.353, 35.682, 139.759)).toBeCloseTo(9715, 0)
    expect(distanceKm(0, 179.5, 0, -179.5)).toBeCloseTo(111.2, 0)
    expect(distanceKm(90, 0, -90, 0)).toBeCloseTo(20015, 0)
  })

  test('nobody flies that fast', () => {
    const { findings } = play(rules, [login(0, paris), login(hour, tokyo)])
    expect(findings[0]?.facts).toMatchObject({ from: 'FR', to: 'JP', hours: 1, kmh: 9715, km: 9715 })
    expect(hitsOf(rules, [login(0, paris), login(11 * hour, tokyo)])).toBe(0)
    expect(hitsOf(rules, [login(0, paris), login(10 * hour, tokyo)])).toBe(1)
    expect(hitsOf(rules, [login(0, paris), login(1, lyon)])).toBe(0)
    expect(hitsOf(rules, [login(0, paris), login(0, tokyo)])).toBe(1)
  })

  test('a VPN neither travels nor is remembered, a missing place neither', () => {
    expect(hitsOf(rules, [login(0, paris), login(1, { ...tokyo, network_type: 'vpn' }), login(2, paris)])).toBe(0)
    expect(hitsOf(rules, [login(0, paris), login(1), login(2, tokyo)])).toBe(1)
  })
})

describe('leaky', () => {
  const rules = rulesOf({ any: [{ kind: 'leaky', by: ['user_uid'], capacity: 5, leak: '10m' }] })
  const fails = (count: number, everyMs: number) => series(count, everyMs, () => ({ user_uid: 'u' }))

  test('overflows with the drop above the brim', () => {
    expect(hitsOf(rules, fails(5, second))).toBe(0)
    expect(hitsOf(rules, fails(6, 0))).toBe(1)
  })

  test('catches who is slow, not who is slower than the leak', () => {
    expect(hitsOf(rules, fails(100, 9 * minute))).toBeGreaterThan(0)
    expect(hitsOf(rules, fails(100, 10 * minute))).toBe(0)
  })

  test('runs out after a flood as fast as after a full bucket', () => {
    const flood = [...fails(1000, 0), event(61 * minute, { user_uid: 'u' })]
    expect(hitsOf(rules, flood)).toBe(995)
  })

  test('a late drop has leaked meanwhile', () => {
    const events = [...fails(5, 0), event(9 * minute, { user_uid: 'v' }), event(0, { user_uid: 'u' })]
    expect(hitsOf(rules, events)).toBe(1)
    const leaked = [
      event(9 * minute, { user_uid: 'u' }),
      ...Array.from({ length: 8 }, () => event(0, { user_uid: 'u' })),
    ]
    expect(hitsOf(rules, leaked)).toBe(0)
  })
})

describe('run', () => {
  const rules = (step = 1) =>
    rulesOf({
      detection: { read: { action: 'data_read' } },
      any: [{ kind: 'run', by: ['src_ip'], field: 'object_number', within: '10m', gte: 30, step }],
    })
  const read = (at: number, object_number: number) => event(at * second, { action: 'data_read', object_number })
  const walk = (numbers: readonly number[]) => numbers.map((number, at) => read(at, number))
  const upTo = (count: number) => Array.from({ length: count }, (_, at) => 1000 + at)

  test('up, down, and with requests that overtake one another', () => {
    expect(hitsOf(rules(), walk(upTo(29)))).toBe(0)
    expect(hitsOf(rules(), walk(upTo(30)))).toBe(1)
    expect(hitsOf(rules(), walk(upTo(30).reverse()))).toBe(1)
    const shuffled = upTo(30).map((_, at, all) => all[at % 2 === 0 ? at + 1 : at - 1] ?? 0)
    expect(hitsOf(rules(), walk(shuffled))).toBe(1)
    expect(hitsOf(rules(), walk(upTo(40).flatMap((n) => [n, 5_000_000 - 17 * n])))).toBeGreaterThan(0)
  })

  test('the same number again does not count, holes end it, unless they are wide enough', () => {
    expect(hitsOf(rules(), walk(upTo(29).flatMap((n) => [n, n, n])))).toBe(0)
    expect(hitsOf(rules(), walk(upTo(60).map((n) => n * 2)))).toBe(0)
    expect(hitsOf(rules(2), walk(upTo(30).map((n) => n * 2)))).toBe(1)
  })

  test('a walk through the catalogue over days is none', () => {
    expect(
      hitsOf(
        rules(),
        upTo(60).map((n, at) => event(at * 5 * minute, { action: 'data_read', object_number: n })),
      ),
    ).toBe(0)
  })

  test('fractions and huge numbers do no harm', () => {
    expect(hitsOf(rules(), walk([0.5, 1e15, Number.MAX_SAFE_INTEGER, -5, 1e300].map((n) => n)))).toBe(0)
  })
})
