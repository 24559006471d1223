import { describe, expect, test } from 'vitest'
import { event, hitsOf, minute, play, rulesOf, second, series } from './playing.ts'

const fails = (least: number, within = '10m') =>
  rulesOf({ any: [{ kind: 'event_count', by: ['src_ip'], within, gte: least }] })

describe('event_count', () => {
  test('fires with the event that reaches the threshold, not before', () => {
    for (const least of [1, 2, 5, 64, 100, 128]) {
      const rules = fails(least)
      expect(hitsOf(rules, series(least - 1, second))).toBe(0)
      const { findings } = play(rules, series(least, second))
      expect(findings).toHaveLength(1)
      expect(findings[0]?.facts).toMatchObject({ count: least, within: '10 min' })
      expect(findings[0]?.events).toBe(least)
    }
  })

  test('the window slides: it ends with the event and is open at its beginning', () => {
    const rules = fails(3)
    expect(hitsOf(rules, [event(0), event(5 * minute), event(10 * minute - 1)])).toBe(1)
    expect(hitsOf(rules, [event(0), event(5 * minute), event(10 * minute)])).toBe(0)
  })

  test('an attack across a full ten minutes of the clock is one', () => {
    const rules = fails(10)
    expect(
      hitsOf(
        rules,
        series(10, minute / 2, () => ({}), 7 * minute),
      ),
    ).toBe(1)
  })

  test('a steady stream below the threshold never fires, however long', () => {
    expect(hitsOf(fails(11), series(3000, minute))).toBe(0)
    expect(hitsOf(fails(10), series(3000, minute))).toBe(2991)
    expect(hitsOf(fails(100, '100m'), series(3000, minute))).toBe(2901)
    expect(hitsOf(fails(101, '100m'), series(3000, minute))).toBe(0)
  })

  test('groups count apart, and an event without the field counts nowhere', () => {
    const rules = fails(3)
    expect(
      hitsOf(
        rules,
        series(9, second, (at) => ({ src_ip: `203.0.113.${at % 5}` })),
      ),
    ).toBe(0)
    const { src_ip: _gone, src_net: _net, ...bare } = event(0)
    expect(hitsOf(rules, [bare, { ...bare, id: 'x' }, { ...bare, id: 'y' }])).toBe(0)
  })

  test('what comes late counts for the windows that it is in', () => {
    const rules = fails(3)
    expect(hitsOf(rules, [event(0), event(9 * minute), event(minute)])).toBe(1)
    // 14 minutes later: the window of the first two is over, theirs with the late one is not.
    expect(hitsOf(rules, [event(0), event(minute), event(11 * minute), event(2 * minute)])).toBe(1)
    expect(hitsOf(rules, [event(0), event(9 * minute), event(19 * minute), event(10 * minute)])).toBe(0)
    const late = play(rules, [event(0), event(minute), event(13 * minute), event(2 * minute)])
    expect(late.findings).toHaveLength(0)
    expect(late.aside.late).toBe(1)
  })

  test('what claims to be from the future counts for nothing, and does not make the present late', () => {
    const rules = fails(2)
    const future = event(100 * 24 * 60 * minute)
    const result = play(rules, [future, event(0), event(1)], { nowMs: event(0).time })
    expect(result.aside).toEqual({ late: 0, future: 1, blocked: 0 })
    expect(result.findings).toHaveLength(1)
    const two = [event(100 * 24 * 60 * minute), event(100 * 24 * 60 * minute)]
    expect(play(rules, two, { nowMs: event(0).time }).findings).toHaveLength(0)
    const edge = [event(5 * minute), event(5 * minute)]
    expect(play(rules, edge, { nowMs: event(0).time }).findings).toHaveLength(1)
  })

  test('what was blocked does not feed the block', () => {
    const { findings, aside } = play(
      fails(2),
      series(50, second, () => ({ blocked: true })),
    )
    expect(findings).toHaveLength(0)
    expect(aside.blocked).toBe(50)
  })

  test('thresholds too high to keep every event are met within a slot', () => {
    const rules = fails(2000, '60m')
    const { findings } = play(rules, series(4000, second))
    const count = findings[0]?.facts['count']
    expect(findings[0]?.timeMs).toBeGreaterThan(event(0).time + 1900 * second)
    expect(findings[0]?.timeMs).toBeLessThan(event(0).time + 2100 * second)
    expect(count).toBeGreaterThanOrEqual(2000)
    // A window that holds 1800 is told from one that holds 2000.
    expect(hitsOf(rules, series(9000, 2 * second))).toBe(0)
  })
})

describe('value_count', () => {
  const rules = rulesOf({ any: [{ kind: 'value_count', by: ['src_ip'], field: 'account', within: '10m', gte: 5 }] })

  test('counts different values in the window', () => {
    expect(
      hitsOf(
        rules,
        series(4, second, (at) => ({ user_uid: `u${at}` })),
      ),
    ).toBe(0)
    expect(
      hitsOf(
        rules,
        series(5, second, (at) => ({ user_uid: `u${at}` })),
      ),
    ).toBe(1)
    expect(
      hitsOf(
        rules,
        series(400, second, (at) => ({ user_uid: `u${at % 4}` })),
      ),
    ).toBe(0)
    expect(
      hitsOf(
        rules,
        series(5, 150 * second, (at) => ({ user_uid: `u${at}` })),
      ),
    ).toBe(0)
    expect(
      hitsOf(
        rules,
        series(5, 149 * second, (at) => ({ user_uid: `u${at}` })),
      ),
    ).toBe(1)
  })

  test('a value seen again stays in the window', () => {
    const events = [0, 1, 2, 3, 0, 4].map((user, at) => event(at * 3 * minute, { user_uid: `u${user}` }))
    expect(hitsOf(rules, events)).toBe(0)
    const closer = [0, 1, 2, 3, 0, 4].map((user, at) =>
      event(at * 2 * minute - 1 * (at === 5 ? 1 : 0), { user_uid: `u${user}` }),
    )
    expect(hitsOf(rules, closer)).toBe(1)
  })

  test('combinations of fields are one value', () => {
    const pairs = rulesOf({ any: [{ kind: 'value_count', by: [], field: ['asn', 'country'], within: '10m', gte: 4 }] })
    const parts = [1, 2].flatMap((asn) => ['DE', 'FR'].map((country) => ({ asn, country })))
    expect(
      hitsOf(
        pairs,
        parts.map((part, at) => event(at, part)),
      ),
    ).toBe(1)
    expect(
      hitsOf(
        pairs,
        series(20, 1, (at) => ({ asn: at })),
      ),
    ).toBe(0)
  })

  test.each([60, 200, 255])('is exact at a threshold of %i', (least) => {
    const exact = rulesOf({ any: [{ kind: 'value_count', by: ['src_ip'], field: 'path', within: '5m', gte: least }] })
    const events = series(least, second, (at) => ({ path: `/p/${at}` }))
    expect(hitsOf(exact, events.slice(0, -1))).toBe(0)
    expect(hitsOf(exact, events)).toBe(1)
    // Each value ten times, one after the other.
    expect(
      hitsOf(
        exact,
        series(10 * least - 10, 20, (at) => ({ path: `/p/${Math.floor(at / 10)}` })),
      ),
    ).toBe(0)
    expect(
      hitsOf(
        exact,
        series(10 * least - 9, 20, (at) => ({ path: `/p/${Math.floor(at / 10)}` })),
      ),
    ).toBe(1)
  })

  test('high thresholds are met within a fifth', () => {
    const sketched = rulesOf({ any: [{ kind: 'value_count', by: [], field: 'path', within: '1h', gte: 2000 }] })
    expect(
      hitsOf(
        sketched,
        series(1600, second, (at) => ({ path: `/p/${at}` })),
      ),
    ).toBe(0)
    expect(
      hitsOf(
        sketched,
        series(2500, second, (at) => ({ path: `/p/${at}` })),
      ),
    ).toBeGreaterThan(0)
    // Of 90 minutes the window sees 60, and an eighth at most beyond.
    expect(
      hitsOf(
        sketched,
        series(9000, 3 * second, (at) => ({ path: `/p/${at}` })),
      ),
    ).toBe(0)
  })
})

describe('value_sum and ratio', () => {
  test('adds up a field', () => {
    const rules = rulesOf({ any: [{ kind: 'value_sum', by: ['account'], field: 'rows', within: '1h', gt: 1000 }] })
    expect(
      hitsOf(
        rules,
        series(10, minute, () => ({ user_uid: 'a', rows: 100 })),
      ),
    ).toBe(0)
    expect(
      hitsOf(
        rules,
        series(11, minute, () => ({ user_uid: 'a', rows: 100 })),
      ),
    ).toBe(1)
    expect(
      hitsOf(
        rules,
        series(40, 10 * minute, () => ({ user_uid: 'a', rows: 160 })),
      ),
    ).toBe(0)
  })

  test('asks for a share over enough events', () => {
    const rules = rulesOf({
      detection: { all: { action: 'login' }, failed: { status_id: 2 } },
      any: [{ kind: 'ratio', of: 'all', part: 'failed', by: ['src_ip'], within: '1h', min: 10, gt: 0.6 }],
    })
    const mixed = (count: number, failed: number) => series(count, second, (at) => ({ status_id: at < failed ? 2 : 1 }))
    expect(hitsOf(rules, mixed(9, 9))).toBe(0)
    expect(hitsOf(rules, mixed(10, 6))).toBe(0)
    expect(hitsOf(rules, mixed(10, 7))).toBe(1)
  })
})
