import { describe, expect, test } from 'vitest'
import { hitsOf, minute, play, rulesOf, second, series } from './playing.ts'

describe('window', () => {
  const measured = (measures: Record<string, unknown>, any: Record<string, unknown> = {}) =>
    rulesOf({
      detection: { all: { action: 'login' }, failed: { status_id: 2 } },
      any: [{ kind: 'window', of: 'all and (failed or all)', by: ['src_ip'], within: '1h', measures, ...any }],
    })

  test('all comparisons must hold, and all figures are facts', () => {
    const rules = measured({
      fails: { count: 'failed', gte: 6 },
      accounts: { distinct: 'account', gte: 3, lte: 4 },
      lasted: { span: true, gte: '5m' },
      most: { max_per: 'account', lte: 3 },
      average: { mean_per: 'account' },
    })
    const events = (every: number, accounts: number) => series(6, every, (at) => ({ user_uid: `u${at % accounts}` }))
    expect(play(rules, events(minute, 3)).findings[0]?.facts).toEqual({
      fails: 6,
      accounts: 3,
      lasted: 300,
      most: 2,
      average: 2,
      within: '1 h',
    })
    expect(hitsOf(rules, events(minute - 1, 3))).toBe(0)
    expect(hitsOf(rules, events(minute, 2))).toBe(0)
    expect(hitsOf(rules, events(minute, 5))).toBe(0)
  })

  test('tells many with few tries from few with many', () => {
    const rules = measured({ tries: { count: true, gte: 10 }, few: { share_of: 'account', at_most: 2, gte: 0.8 } })
    expect(
      hitsOf(
        rules,
        series(10, second, (at) => ({ user_uid: `u${at}` })),
      ),
    ).toBe(1)
    expect(
      hitsOf(
        rules,
        series(10, second, (at) => ({ user_uid: `u${at % 5}` })),
      ),
    ).toBe(1)
    expect(
      hitsOf(
        rules,
        series(10, second, (at) => ({ user_uid: `u${at % 3}` })),
      ),
    ).toBe(0)
  })

  test('where, share, mean, max, top_share and periods', () => {
    const facts = (measures: Record<string, unknown>) => {
      const rules = measured({ ...measures, all: { count: true, gte: 10 } })
      const events = series(10, 3 * minute, (at) => ({
        user_uid: `u${at < 7 ? 0 : at}`,
        status_id: at < 5 ? 1 : 2,
        amount: at * 10,
      }))
      return play(rules, events).findings[0]?.facts
    }
    expect(facts({ x: { distinct: 'account', where: 'failed' } })).toMatchObject({ x: 4 })
    expect(facts({ x: { share: 'failed' } })).toMatchObject({ x: 0.5 })
    expect(facts({ x: { sum: 'amount' } })).toMatchObject({ x: 450 })
    expect(facts({ x: { sum: 'amount', where: 'failed' } })).toMatchObject({ x: 350 })
    expect(facts({ x: { mean: 'amount' } })).toMatchObject({ x: 45 })
    expect(facts({ x: { max: 'amount' } })).toMatchObject({ x: 90 })
    expect(facts({ x: { top_share: 'account' } })).toMatchObject({ x: 0.7 })
    expect(facts({ x: { periods: '5m' } })).toMatchObject({ x: 6 })
    expect(facts({ x: { mean: 'bytes' } })).toMatchObject({ x: 0 })
  })

  test('the most frequent value is seen in a flood of others', () => {
    const rules = measured({ top: { top_share: 'path', gte: 0.3 }, all: { count: true, gte: 1000 } })
    const flood = (share: number) => series(3000, 10, (at) => ({ path: at % 10 < share * 10 ? '/one' : `/p/${at}` }))
    expect(hitsOf(rules, flood(0.5))).toBeGreaterThan(1000)
    expect(hitsOf(rules, flood(0.1))).toBe(0)
  })
})
