import { describe, expect, test } from 'vitest'
import { parseCondition, selectionsIn } from '../../../../bees/security/rules/condition.ts'
import { event, hitsOf, rulesOf } from './playing.ts'

const names = ['a', 'b', 'c', 'known_x', 'known_y', '_hidden']

/** The condition as a formula with all its parentheses. */
function formula(text: string): string {
  const write = (one: ReturnType<typeof parseCondition>): string => {
    if (one.op === 'selection') return one.name
    return one.op === 'not' ? `!${write(one.inner)}` : `(${one.parts.map(write).join(one.op === 'and' ? '&' : '|')})`
  }
  return write(parseCondition(text, names, 'path'))
}

describe('the grammar of conditions', () => {
  test.each([
    ['a', 'a'],
    ['a and b', '(a&b)'],
    ['a or b and c', '(a|(b&c))'],
    ['a and b or c', '((a&b)|c)'],
    ['not a and b', '(!a&b)'],
    ['not (a and b)', '!(a&b)'],
    ['NOT a Or b', '(!a|b)'],
    ['not not a', '!!a'],
    ['(a or b) and not (b or c)', '((a|b)&!(b|c))'],
    ['1 of known_*', '(known_x|known_y)'],
    ['all of known_*', '(known_x&known_y)'],
    ['a and not 1 of known_*', '(a&!(known_x|known_y))'],
    ['1 of *_x', '(known_x)'],
    ['all of k*_y', '(known_y)'],
    ['1 of them', '(a|b|c|known_x|known_y)'],
    ['  a   and( b )', '(a&b)'],
  ])('%s', (text, expected) => {
    expect(formula(text)).toBe(expected)
  })

  test.each([
    '',
    'a b',
    'and a',
    'a and',
    '(a',
    'a)',
    'not',
    'x',
    '1 of nothing_*',
    '2 of a',
    'all of',
    'a & b',
    'a; b',
    'a\u0000',
  ])('refuses %j', (text) => {
    expect(() => parseCondition(text, names, 'any[0].of')).toThrow(/any\[0\]\.of: expected/)
  })

  test('is not led into the deep', () => {
    expect(() => parseCondition(`${'('.repeat(50_000)}a`, names, 'p')).toThrow(/at most 20/)
    expect(() => parseCondition(`${'not '.repeat(50_000)}a`, names, 'p')).toThrow(/at most 20/)
  })

  test('a pattern of stars takes no time to speak of', () => {
    const hostile = `1 of ${'*a'.repeat(200)}*b`
    const began = performance.now()
    expect(() => parseCondition(hostile, ['a'.repeat(64)], 'p')).toThrow(/expected/)
    expect(performance.now() - began).toBeLessThan(200)
  })

  test('names the selections in it', () => {
    expect(selectionsIn(parseCondition('a and not (1 of known_* or b)', names, 'p'))).toEqual([
      'a',
      'known_x',
      'known_y',
      'b',
    ])
  })

  test('decides what counts', () => {
    const rules = rulesOf({
      detection: {
        failed: { action: 'login', status_id: 2 },
        office: [{ src_ip: '198.51.100.1' }, { country: 'DE' }],
        condition: 'failed and not office',
      },
      any: [{ kind: 'match' }],
    })
    expect(hitsOf(rules, [event(0)])).toBe(1)
    expect(hitsOf(rules, [event(0, { src_ip: '198.51.100.1' })])).toBe(0)
    expect(hitsOf(rules, [event(0, { country: 'DE' })])).toBe(0)
    expect(hitsOf(rules, [event(0, { status_id: 1 })])).toBe(0)
  })
})
