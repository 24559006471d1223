import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import {
  anything,
  decode,
  flag,
  int64,
  integer,
  listOf,
  objectOf,
  parseMessage,
  pointer,
  struct,
  text,
} from '../../../src/local/colonies/decode.ts'
import { encode, encodeAny, encodeString, Raw } from '../../../src/local/colonies/json.ts'
import { timeFormatter } from '../../../src/local/colonies/time.ts'
import { parseCpu, parseMemory } from '../../../src/local/colonies/units.ts'

const read = <T>(decoder: (value: unknown, path: string) => T, message: string) =>
  decode(decoder, parseMessage(message) as Readonly<Record<string, unknown>>)

describe('reading messages as Go does', () => {
  const shape = struct({
    name: text,
    count: integer,
    big: int64,
    on: flag,
    list: listOf(text),
    inner: pointer(struct({ x: integer })),
  })

  it('takes names in any case, ignores unknown ones, and the last of several counts', () => {
    expect(read(shape, '{"NAME":"a","name":"b","Count":3,"else":{}}')).toMatchObject({ name: 'b', count: 3 })
    expect(read(shape, '{"name":"a","NAME":"b"}')).toMatchObject({ name: 'b' })
  })

  it('reads missing and null fields as zero values', () => {
    const zero = { name: '', count: 0, big: 0n, on: false, list: null, inner: null }
    expect(read(shape, '{}')).toEqual(zero)
    expect(read(shape, '{"name":null,"count":null,"big":null,"on":null,"list":null,"inner":null}')).toEqual(zero)
    expect(read(shape, '{"inner":{}}').inner).toEqual({ x: 0 })
  })

  it.each(['1.0', '1e1', '1.5', '"1"', 'true', '[]', '99999999999999999999', '9223372036854775808'])(
    'refuses %s as an integer',
    (token) => {
      expect(() => read(shape, `{"big":${token}}`)).toThrow('must be')
    },
  )

  it('keeps 64-bit integers exact', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        expect(read(shape, `{"big":${value}}`).big).toBe(value)
      }),
    )
  })

  it.each(['{"name":7}', '{"name":["a"]}', '{"on":1}', '{"list":"a"}', '{"list":[1]}', '{"inner":[]}', '[]', '7'])(
    'refuses %s',
    (message) => {
      expect(() => read(shape, message)).toThrow()
    },
  )

  it.each(['', '{', '{"a":1} x', "{'a':1}"])('refuses %s as no JSON', (message) => {
    expect(() => parseMessage(message)).toThrow('not valid JSON')
  })

  it('is not led astray by names of Object.prototype', () => {
    const message = '{"__proto__":{"name":"evil"},"constructor":1,"toString":2,"name":"fine"}'
    expect(read(shape, message).name).toBe('fine')
    expect(read(struct({ map: objectOf(text) }), '{"map":{"__proto__":"a"}}').map).toHaveProperty('__proto__', 'a')
    expect(Object.hasOwn({}, 'name')).toBe(false)
  })

  it('passes any JSON through, numbers as doubles, keys sorted', () => {
    const through = (message: string) => encodeAny(anything(parseMessage(message), ''))
    expect(through('{"b":9007199254740993,"a":1.0,"C":1e2}')).toBe('{"C":100,"a":1,"b":9007199254740992}')
    expect(() => through('1E400')).toThrow('fits a double')
    expect(through('"\\ud800"')).toBe('"\ufffd"')
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(through(JSON.stringify(value)))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })
})

describe('writing JSON as Go does', () => {
  it('escapes what HTML could read', () => {
    expect(encodeString('<a href="x">&\u2028\u2029')).toBe('"\\u003ca href=\\"x\\"\\u003e\\u0026\\u2028\\u2029"')
  })

  it('keeps the order of fields, big integers and raw parts', () => {
    expect(encode({ b: 1n << 62n, a: [new Raw('{"x":1}'), null, true] })).toBe(
      '{"b":4611686018427387904,"a":[{"x":1},null,true]}',
    )
  })
})

describe('times', () => {
  it('are RFC 3339 in the zone, to the microsecond, without trailing zeros', () => {
    expect(timeFormatter('UTC')(1_763_847_000_123_450)).toBe('2025-11-22T21:30:00.12345Z')
    expect(timeFormatter('UTC')(1_763_847_000_000_000)).toBe('2025-11-22T21:30:00Z')
    const stockholm = timeFormatter('Europe/Stockholm')
    expect(stockholm(1_763_847_000_000_000)).toBe('2025-11-22T22:30:00+01:00')
    expect(stockholm(1_780_000_000_000_000)).toBe('2026-05-28T22:26:40+02:00')
    expect(timeFormatter('Asia/Kolkata')(1_763_847_000_000_000)).toBe('2025-11-23T03:00:00+05:30')
  })

  it('that are unset are year 1 in the local mean time of the zone', () => {
    expect(timeFormatter('UTC')(0)).toBe('0001-01-01T00:00:00Z')
    expect(timeFormatter('Europe/Stockholm')(0)).toBe('0001-01-01T01:12:12+01:12')
    expect(timeFormatter('America/New_York')(0)).toBe('0000-12-31T19:03:58-04:56')
  })
})

describe('units', () => {
  it.each([
    ['', 0],
    ['1Gi', 1024],
    ['1500Ki', 1],
    ['2G', 1907],
    ['1M', 0],
    ['1TiB', 1_048_576],
  ])('reads memory %s as %i MiB', (size, mebibytes) => {
    expect(parseMemory(size)).toBe(mebibytes)
  })

  it.each(['100', '1GB', '1.5Gi', 'x', 'Gi', '1 Gi'])('refuses memory %s', (size) => {
    expect(() => parseMemory(size)).toThrow('unit')
  })

  it('reads cpu with its suffix only', () => {
    expect([parseCpu('250m'), parseCpu('-1m'), parseCpu('2'), parseCpu('abc'), parseCpu('')]).toEqual([
      250, -1, 0, 0, 0,
    ])
  })
})
