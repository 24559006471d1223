import { describe, expect, it } from 'vitest'
import { parseInput, parseOutput, sensitive, z } from '../../src/bee/index.ts'
import { refusalOf, taskOf } from './fixtures.ts'

const task = taskOf(
  z.object({
    id: z.string().min(3),
    count: z.int().max(9).default(1),
    items: z.array(z.strictObject({ kind: z.enum(['a', 'b']) })).optional(),
    open: z.record(z.string(), z.int()).optional(),
    hidden: sensitive(z.record(z.string(), z.int())).optional(),
    at: z.iso
      .datetime()
      .transform((text) => Date.parse(text))
      .optional(),
  }),
  z.object({ total: z.int(), note: z.string().default('none'), extra: z.unknown().optional() }),
)
const refused = (value: unknown) => refusalOf(() => parseInput(task, value))

describe('the input', () => {
  it('comes out typed, with defaults and transformations', () => {
    expect(parseInput(task, { id: 'abc', at: '2026-01-01T00:00:00Z', unknown: 1 })).toEqual({
      id: 'abc',
      count: 1,
      at: 1_767_225_600_000,
    })
  })

  it.each([
    ['a missing member', {}, 'id: expected string'],
    ['another type', { id: 42 }, 'id: expected string'],
    ['too little', { id: 'a' }, 'id: expected at least 3 characters'],
    ['too much', { id: 'abc', count: 10 }, 'count: expected at most 9'],
    ['a choice', { id: 'abc', items: [{ kind: 'a' }, { kind: 'c' }] }, 'items[1].kind: expected "a" or "b"'],
    [
      'too many members',
      { id: 'abc', items: [{ kind: 'a', more: 1 }] },
      'items[0]: expected no members but the declared ones, received "more" too',
    ],
    ['a format', { id: 'abc', at: 'noon' }, 'at: expected the format datetime'],
    ['a record', { id: 'abc', open: { x: 'y' } }, 'open.x: expected number'],
    ['a hidden record', { id: 'abc', hidden: { canary: 'y' } }, 'hidden.*: expected number'],
    ['no object', 'text', 'the value: expected object'],
    ['nothing', undefined, 'the value: not JSON (undefined)'],
  ])('is refused with its place: %s', (_, value, message) => {
    expect(refused(value)).toEqual({ code: 'BEE_INPUT_INVALID', message: `input of task: ${message}` })
  })

  it('does not name members that came along inside a hidden one', () => {
    const strict = taskOf(z.object({ hidden: sensitive(z.strictObject({})), shown: z.strictObject({}) }))
    expect(refusalOf(() => parseInput(strict, { hidden: { canary: 1 }, shown: { other: 1 } })).message).toBe(
      'input of task: hidden: expected no other members; ' +
        'shown: expected no members but the declared ones, received "other" too',
    )
  })

  it('lists at most ten problems', () => {
    const open = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`k${index}`, 'x']))
    const { message } = refused({ open })
    expect(message.split('; ')).toHaveLength(11)
    expect(message).toMatch(/; and 21 more$/)
  })

  it.each([
    ['a prototype', JSON.parse('{"id":"abc","__proto__":{"admin":true}}'), 'a member named __proto__'],
    [
      'one deep inside',
      JSON.parse('{"id":"abc","open":{"a":[{"__proto__":1}]}}'),
      'open.a[0]: a member named __proto__',
    ],
    ['a constructor', { id: 'abc', constructor: { prototype: {} } }, 'a member named constructor'],
    ['a prototype by name', { id: 'abc', x: { prototype: 1 } }, 'x: a member named prototype'],
    ['a lone surrogate', { id: 'abc\ud800' }, 'id: a lone surrogate'],
    ['a lone surrogate in a name', { id: 'abc', '\udc00': 1 }, 'the value: a member name with a lone surrogate'],
    ['U+0000', { id: 'ab\u0000c' }, 'id: the character U+0000'],
    ['infinity', { id: 'abc', n: Number.POSITIVE_INFINITY }, 'n: not a finite number'],
    ['a date', { id: 'abc', at: new Date() }, 'at: not JSON (Date)'],
    ['a bigint', { id: 'abc', n: 1n }, 'n: not JSON (bigint)'],
  ])('holds no trap: %s', (_, value, message) => {
    const refusal = refused(value)
    expect(refusal.code).toBe('BEE_INPUT_INVALID')
    expect(refusal.message).toContain(message)
    expect(Object.hasOwn(Object.prototype, 'admin')).toBe(false)
  })

  it('is only so deep', () => {
    const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)])
    expect(refused({ id: 'abc', x: nested(63) }).code).toBe('accepted')
    expect(refused({ id: 'abc', x: nested(64) }).message).toContain('nested deeper than 64 levels')
    const bomb = JSON.parse(`{"id":"abc","x":${'['.repeat(5000)}${']'.repeat(5000)}}`)
    expect(refused(bomb).message).toContain('nested deeper than 64 levels')
  })

  it('may be megabytes of text in any script', () => {
    const id = '😀ü漢'.repeat(500_000)
    expect(parseInput(task, { id })).toEqual({ id, count: 1 })
  })

  it('is refused when the schema itself fails, without its words', () => {
    const throwing = taskOf(
      z.object({
        id: z.string().refine((text) => {
          throw new RangeError(`cannot bear ${text}`)
        }),
      }),
    )
    expect(refusalOf(() => parseInput(throwing, { id: 'canary' }))).toEqual({
      code: 'BEE_INPUT_INVALID',
      message: 'input of task: the schema itself threw RangeError',
    })
    const slow = taskOf(z.object({ id: z.string().refine(async () => true) }))
    expect(refusalOf(() => parseInput(slow, { id: 'canary' })).code).toBe('BEE_INPUT_INVALID')
  })
})

describe('the output', () => {
  it('is parsed too', () => {
    expect(parseOutput(task, { total: 3 })).toEqual({ total: 3, note: 'none' })
  })

  it.each([
    ['nothing', undefined, 'the value: expected object'],
    ['another shape', { total: '3' }, 'total: expected number'],
    ['a date in it', { total: 3, extra: new Date() }, 'extra: not JSON (Date)'],
    ['a function in it', { total: 3, extra: { f: () => 1 } }, 'extra.f: not JSON (function)'],
    ['text that Postgres cannot store', { total: 3, note: '\u0000' }, 'note: the character U+0000'],
  ])('is refused: %s', (_, value, message) => {
    const refusal = refusalOf(() => parseOutput(task, value))
    expect(refusal.code).toBe('BEE_OUTPUT_INVALID')
    expect(refusal.message).toContain(`output of task: ${message}`)
  })
})
