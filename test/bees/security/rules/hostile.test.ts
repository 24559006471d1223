import { describe, expect, test } from 'vitest'
import type { SecurityEvent } from '../../../../bees/security/events/event.ts'
import { Groups, keyOf } from '../../../../bees/security/rules/group.ts'
import { randomFrom } from '../../../support/index.ts'
import { busy, everyKind } from './every-kind.ts'
import { event, hitsOf, play, rulesOf, second, series } from './playing.ts'

const group = new Groups().of(['user_uid', 'session_uid'])
const loose = new Groups().of(['user_uid', 'session_uid'], undefined, true)
const key = (user_uid: string | undefined, session_uid: string | undefined, by = group) =>
  keyOf(by, { ...event(0), user_uid, session_uid } as SecurityEvent)

describe('keys of rows', () => {
  test('separators in values do not move the border between them', () => {
    expect(key('a|b', 'c')).not.toBe(key('a', 'b|c'))
    expect(key('a%7Cb', 'c')).not.toBe(key('a|b', 'c'))
    expect(key('a%', '7Cb')).not.toBe(key('a%7', 'Cb'))
    expect(key('~', 'c', loose)).not.toBe(key(undefined, 'c', loose))
    expect(key('a', undefined)).toBeNull()
  })

  test('long values are hashed, and stay apart', () => {
    const long = (end: string) => key('%'.repeat(200) + end, 'c')
    expect(long('1')?.length).toBeLessThan(120)
    expect(long('1')).not.toBe(long('2'))
    // Nobody writes down what looks like a hash.
    expect(key(`#${'0'.repeat(60)}`, 'c')).toMatch(/^g\|/)
  })

  test('the order of fields in a rule does not matter, the fields do', () => {
    const groups = new Groups()
    expect(groups.of(['src_ip', 'account'])).toBe(groups.of(['account', 'src_ip']))
    expect(groups.of(['src_ip'])).not.toBe(groups.of(['account']))
    expect(groups.of(['user_uid'], ['actor_uid'])).not.toBe(groups.of(['user_uid']))
  })
})

describe('values that are up to no good', () => {
  const names = [
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    '|',
    '%',
    '~',
    '{count}',
    '$1',
    '$&',
    '\u202e',
    'ß',
    '𝕏',
    ' ',
    "'; drop table x;--",
    '"',
    '\\',
  ]
  const rules = rulesOf({
    entity: { kind: 'account', field: 'account' },
    explain: '{count} by {account} at {path}.',
    any: [
      { kind: 'event_count', by: ['account'], within: '10m', gte: 3 },
      { kind: 'value_count', by: ['src_ip'], within: '10m', field: 'account', gte: 100, explain: '{values}' },
    ],
  })

  test.each(names)('%j is a name like any other', (name) => {
    const { findings } = play(
      rules,
      series(3, second, () => ({ user_uid: name, path: name })),
      { cuts: [1] },
    )
    expect(findings).toHaveLength(1)
    expect(findings[0]?.entity.id).toBe(name)
    expect(findings[0]?.explanation).toBe(`3 by ${name} at ${name}.`)
    expect(Object.keys({})).toEqual([])
    expect(({} as Record<string, unknown>)['s']).toBeUndefined()
  })

  test('they are counted apart', () => {
    expect(
      hitsOf(
        rules,
        names.flatMap((name) => series(2, second, () => ({ user_uid: name }))),
      ),
    ).toBe(0)
  })

  test('an id of an event that is too long is left out of the evidence of others', () => {
    const { findings, rows } = play(
      rules,
      series(3, second, (at) => ({ user_uid: 'u', id: `${at}${'x'.repeat(120)}` })),
    )
    expect(findings[0]?.evidence).toHaveLength(1)
    expect(rows.get('g|account|u')).not.toContain('xxxx')
  })
})

describe('rows that are broken', () => {
  test('begin anew and throw nothing', () => {
    const all = everyKind()
    const events = busy(randomFrom(3), 200)
    const { rows } = play(all, events)
    const broken: readonly unknown[] = [null, 1, 'x', [], {}, { s: 1 }, { x: 'a', m: {}, s: { 'counted.1.0': 1 } }]
    for (const row of broken) {
      const spoilt = new Map([...rows.keys()].map((one) => [one, JSON.stringify(row)]))
      expect(() => play(all, events, { rows: spoilt })).not.toThrow()
    }
    // Every state of every clause replaced by something else.
    for (const state of [
      null,
      5,
      'x',
      [],
      [[]],
      {},
      [null, 'a', {}],
      { p: 'x', v: [1], n: [[1]], e: [2] },
      [['a'], [[1, 2]], 3, 'b'],
    ]) {
      const spoilt = new Map(
        [...rows].map(([one, row]) => {
          const parsed = JSON.parse(row)
          const slots = Object.entries(parsed.s).map(([slot, entry]) => [slot, [(entry as unknown[])[0], state]])
          return [one, JSON.stringify({ ...parsed, s: Object.fromEntries(slots) })]
        }),
      )
      expect(() => play(all, events, { rows: spoilt, tick: true })).not.toThrow()
    }
  })
})
