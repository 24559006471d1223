import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  HIDDEN,
  parseInput,
  redact,
  scrubber,
  sensitive,
  sensitivePaths,
  sensitiveValues,
  z,
} from '../../src/bee/index.ts'
import { refusalOf, taskOf } from './fixtures.ts'

const secret = sensitive(z.string())
interface Tree {
  label: string
  note?: string | undefined
  children: Tree[]
}
const tree: z.ZodType<Tree> = z.lazy(() =>
  z.object({ label: z.string(), note: secret.optional(), children: z.array(tree) }),
)

const schema = z.object({
  id: z.string(),
  email: sensitive(z.email()),
  phone: secret.nullable().optional(),
  card: sensitive(z.object({ number: z.string(), cvc: z.string() })),
  people: z.array(z.object({ name: secret, age: z.int() })),
  labels: z.record(z.string(), secret),
  byEmail: z.record(sensitive(z.string()), z.int()),
  pair: z.tuple([z.string(), secret], secret),
  way: z.union([
    z.object({ kind: z.literal('bank'), iban: secret }),
    z.object({ kind: z.literal('cash'), place: z.string() }),
  ]),
  both: z.object({ a: z.string() }).and(z.object({ b: secret })),
  length: sensitive(z.string())
    .transform((text) => text.length)
    .pipe(z.int()),
  token: sensitive(z.string().default('none')).readonly(),
  described: secret.describe('A secret'),
  limited: sensitive(z.string()).min(1),
  loose: z.looseObject({ known: secret }),
  tree,
})

const canary = (n: number) => `CANARY-${n}-CANARY`
const value = {
  id: 'visible-id',
  email: 'canary@example.com',
  phone: canary(1),
  card: { number: canary(2), cvc: '123' },
  people: [{ name: canary(3), age: 33 }],
  labels: { [canary(4)]: canary(5) },
  byEmail: { [canary(6)]: 1 },
  pair: ['visible-first', canary(7), canary(8)],
  way: { kind: 'bank', iban: canary(9) },
  both: { a: 'visible-a', b: canary(10) },
  length: canary(11),
  token: canary(12),
  described: canary(13),
  limited: canary(14),
  loose: { known: canary(15), other: 'visible-other' },
  tree: { label: 'visible-root', children: [{ label: 'visible-leaf', note: canary(16), children: [] }] },
}

describe('sensitive fields', () => {
  it('are replaced wherever they are, and nothing else is', () => {
    expect(redact(schema, value)).toEqual({
      id: 'visible-id',
      email: HIDDEN,
      phone: HIDDEN,
      card: HIDDEN,
      people: [{ name: HIDDEN, age: 33 }],
      labels: { [canary(4)]: HIDDEN },
      byEmail: HIDDEN,
      pair: ['visible-first', HIDDEN, HIDDEN],
      way: { kind: 'bank', iban: HIDDEN },
      both: { a: 'visible-a', b: HIDDEN },
      length: HIDDEN,
      token: HIDDEN,
      described: HIDDEN,
      limited: HIDDEN,
      loose: { known: HIDDEN, other: 'visible-other' },
      tree: { label: 'visible-root', children: [{ label: 'visible-leaf', note: HIDDEN, children: [] }] },
    })
  })

  it('are found by their paths', () => {
    expect(sensitivePaths(schema)).toEqual([
      'both.b',
      'byEmail',
      'card',
      'described',
      'email',
      'labels.*',
      'length',
      'limited',
      'loose.known',
      'pair[]',
      'people[].name',
      'phone',
      'token',
      'tree.note',
      'way.iban',
    ])
    expect(sensitivePaths(secret)).toEqual(['.'])
    expect(sensitivePaths(z.object({ a: z.string() }))).toEqual([])
  })

  it('give their values to a scrubber', () => {
    const values = sensitiveValues(schema, value)
    expect([...values].filter((found) => found.startsWith('CANARY')).length).toBe(15)
    expect(values).toContain('canary@example.com')
    expect(values).toContain(canary(6))
    expect(values).toContain('123')
    for (const shown of ['cvc', 'number', 'bank', 'visible-a', '33', canary(4)]) expect(values).not.toContain(shown)
  })

  it('give names to a scrubber only where names are data', () => {
    const shapeless = z.object({ a: sensitive(z.unknown()), b: sensitive(z.record(z.string(), z.unknown())) })
    const raw = { a: { postal_code: 'ca-1111', 'anna@example.com': true }, b: { anna_berg: { city: 'ca-2222' } } }
    expect([...sensitiveValues(shapeless, raw)]).toEqual(['ca-1111', 'anna@example.com', 'anna_berg', 'ca-2222'])
  })

  it('hide missing, empty and odd values alike', () => {
    const odd = z.object({ a: secret.optional(), b: secret.nullable(), c: sensitive(z.unknown()) })
    expect(redact(odd, { b: null, c: false })).toEqual({ b: HIDDEN, c: HIDDEN })
    expect(redact(odd, { a: undefined, b: '', c: [] })).toEqual({ a: undefined, b: HIDDEN, c: HIDDEN })
  })

  it('hide a value that any alternative hides', () => {
    const either = z.object({ way: z.union([z.object({ name: z.string() }), z.object({ name: secret })]) })
    expect(redact(either, { way: { name: canary(1) } })).toEqual({ way: { name: HIDDEN } })
  })

  it('hide text built from sensitive parts', () => {
    const built = z.object({ url: z.templateLiteral(['https://', sensitive(z.string()), '.example']) })
    expect(redact(built, { url: `https://${canary(1)}.example` })).toEqual({ url: HIDDEN })
  })

  it('leave out members that no schema knows', () => {
    expect(redact(z.object({ a: secret }), { a: canary(1), b: canary(2) })).toEqual({ a: HIDDEN })
  })

  it('do not touch the value that they are in', () => {
    const before = structuredClone(value)
    redact(schema, value)
    expect(value).toEqual(before)
    const plain = { a: [1] }
    expect(redact(z.object({ a: z.array(z.int()) }), plain)).toBe(plain)
  })

  it('appear in no redacted value and no message, whatever is wrong with the input', () => {
    const planted = fc.string({ minLength: 6 }).map((text) => `CANARY${text}CANARY`)
    const shape = { id: z.int(), card: sensitive(z.object({ number: z.int(), notes: z.record(z.string(), z.int()) })) }
    const hostile = taskOf(
      z.object({
        ...shape,
        names: sensitive(z.strictObject({ first: z.string().max(3) })),
        mails: z.record(sensitive(z.email()), z.int()),
        code: sensitive(z.string().refine(() => false, { error: (issue) => `cannot use ${String(issue.input)}` })),
        kind: z.union([z.literal('a'), sensitive(z.literal('b'))]),
      }),
    )
    fc.assert(
      fc.property(planted, fc.boolean(), (text, number) => {
        const leaf = number ? 1 : text
        const raw = {
          id: leaf,
          card: { number: text, notes: { [text]: text } },
          names: { first: text, [text]: text },
          mails: { [text]: leaf },
          code: text,
          kind: text,
        }
        const { code, message } = refusalOf(() => parseInput(hostile, raw))
        expect(code).toBe('BEE_INPUT_INVALID')
        expect(message).not.toContain('CANARY')
        expect(JSON.stringify(redact(hostile.input, { ...raw, id: 1 }))).not.toContain('CANARY')
      }),
      { seed: 20260102, numRuns: 300 },
    )
  })
})

describe('a scrubber', () => {
  it.each([
    ['as it is', 'mail to Anna Berg failed', 'mail to [sensitive] failed'],
    ['in another case', 'ANNA BERG', '[sensitive]'],
    ['in a URL', '/q?n=Anna%20Berg', '/q?n=[sensitive]'],
    ['in a form', 'n=Anna+Berg&x=1', 'n=[sensitive]&x=1'],
    ['twice', 'Anna Berg, Anna Berg', '[sensitive], [sensitive]'],
  ])('takes out a value %s', (_, text, expected) => {
    expect(scrubber(['Anna Berg'])(text)).toBe(expected)
  })

  it('takes out what JSON, JSON in JSON, ASCII and URLs make of a value', () => {
    const hard = 'Zoë "Q" \\ line\nbreak 100% + ü/😀'
    const ascii = JSON.stringify(hard).replace(/[^ -~]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
    const spellings = [
      hard,
      hard.normalize('NFD'),
      JSON.stringify({ hard }),
      JSON.stringify({ body: JSON.stringify({ hard }) }),
      ascii,
      encodeURIComponent(hard),
      String(new URLSearchParams({ hard })),
      inspect({ hard }),
    ]
    for (const spelling of spellings) {
      expect(scrubber([hard])(spelling)).toContain(HIDDEN)
      expect(scrubber([hard])(spelling)).not.toMatch(/Zo|break|100/)
    }
  })

  it('takes longer values first, so that no rest stays', () => {
    expect(scrubber(['Anna', 'Anna Berg-Canary'])('Anna Berg-Canary and Anna')).toBe('[sensitive] and [sensitive]')
  })

  it('reads no value as a pattern', () => {
    expect(scrubber(['a.*b', '[x]{2}', '$&$1'])('a.*b axxb [x]{2} $&$1')).toBe(
      '[sensitive] axxb [sensitive] [sensitive]',
    )
  })

  it('takes numbers only where they stand by themselves', () => {
    const scrub = scrubber([4242, 12.75, '1999'])
    expect(scrub('4242, 42420, 142421, 12.75, 112.75, x4242y, -4242')).toBe(
      '[sensitive], 42420, 142421, [sensitive], 112.75, x[sensitive]y, -[sensitive]',
    )
  })

  it('leaves short values alone unless told otherwise', () => {
    expect(scrubber(['1', 'no', 'abc', ''])('1 no abc')).toBe('1 no abc')
    expect(scrubber(['abc'], { minLength: 3 })('1 no abc')).toBe('1 no [sensitive]')
    expect(scrubber([])('text')).toBe('text')
  })

  it('takes out values of a megabyte, and many of them', () => {
    const big = 'x'.repeat(1_000_000)
    expect(scrubber([big])(`a${big}b`)).toBe('a[sensitive]b')
    const many = Array.from({ length: 5000 }, (_, index) => `value-${index}`)
    expect(scrubber(many)('value-17 value-4999')).toBe('[sensitive] [sensitive]')
  })

  it('leaves nothing of any value in any text', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: 4, unit: 'binary' }), { minLength: 1 }),
        fc.string(),
        (values, around) => {
          const texts = values.map((found) => `${around}${found}${around}`)
          // A replacement could only bring back what is part of its own text.
          for (const text of texts.map(scrubber(values))) {
            for (const found of values.filter(
              (candidate) => !HIDDEN.includes(candidate) && !/^-?\d+(\.\d+)?$/.test(candidate),
            )) {
              expect(text.replaceAll(HIDDEN, '').includes(found) && !around.includes(found)).toBe(false)
            }
          }
        },
      ),
      { seed: 20260102, numRuns: 200 },
    )
  })
})
