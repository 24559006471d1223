import { describe, expect, test } from 'vitest'
import { hash40, hash53 } from '../../../../bees/security/rules/hash.ts'
import {
  addHash,
  emptyRegisters,
  estimate,
  mergeInto,
  readRegisters,
  writeRegisters,
} from '../../../../bees/security/rules/sketches/hyperloglog.ts'
import {
  addValue,
  emptySketch,
  quantileOf,
  readSketch,
  writeSketch,
} from '../../../../bees/security/rules/sketches/quantile-sketch.ts'
import {
  addTo,
  type Counters,
  readCounters,
  writeCounters,
} from '../../../../bees/security/rules/sketches/space-saving.ts'
import { seededRandom } from '../../../support/index.ts'

describe('hashes', () => {
  test('are even and rarely meet', () => {
    const seen = new Set<number>()
    const low = new Array<number>(16).fill(0)
    for (let at = 0; at < 100_000; at++) {
      const hash = hash40(`203.0.113.${at}`)
      seen.add(hash)
      low[hash % 16] = (low[hash % 16] ?? 0) + 1
    }
    expect(seen.size).toBeGreaterThan(99_990)
    for (const count of low) expect(Math.abs(count - 6250)).toBeLessThan(400)
    expect(hash53('a')).not.toBe(hash53('b'))
    expect(hash40('')).toBeGreaterThan(0)
  })
})

describe('HyperLogLog', () => {
  test.each([10, 100, 1000, 10_000, 1_000_000])('counts %i within a fifth', (count) => {
    const registers = emptyRegisters()
    for (let at = 0; at < count; at++) addHash(registers, hash40(`value ${at}`))
    expect(Math.abs(estimate(registers) / count - 1)).toBeLessThan(0.2)
    // Again the same ones change nothing.
    const before = estimate(registers)
    for (let at = 0; at < Math.min(count, 1000); at++) addHash(registers, hash40(`value ${at}`))
    expect(estimate(registers)).toBe(before)
  })

  test('two make one, and text gives it back', () => {
    const [a, b, both] = [emptyRegisters(), emptyRegisters(), emptyRegisters()]
    for (let at = 0; at < 5000; at++) {
      const hash = hash40(`${at}`)
      addHash(at % 2 === 0 ? a : b, hash)
      addHash(both, hash)
    }
    mergeInto(a, b)
    expect(a).toEqual(both)
    expect(readRegisters(writeRegisters(both))).toEqual(both)
    expect(writeRegisters(both)).toHaveLength(256)
    expect(readRegisters('short')).toEqual(emptyRegisters())
  })
})

describe('heavy hitters', () => {
  test('a frequent value is never lost and never too low', () => {
    const random = seededRandom()
    const counters: Counters = new Map()
    let heavy = 0
    for (let at = 0; at < 20_000; at++) {
      const isHeavy = random.boolean(0.1)
      if (isHeavy) heavy += 1
      addTo(counters, isHeavy ? 1 : random.integer(2, 1e9), 24)
    }
    expect(counters.size).toBe(24)
    expect(counters.get(1)).toBeGreaterThanOrEqual(heavy)
    expect(counters.get(1)).toBeLessThanOrEqual(heavy + 20_000 / 24)
    expect([...readCounters(writeCounters(counters))]).toEqual([...counters])
  })
})

describe('quantiles', () => {
  test('within a tenth, over many orders of magnitude', () => {
    const random = seededRandom()
    const sketch = emptySketch()
    const values = Array.from({ length: 20_000 }, () => Math.exp(random.next() * 12))
    for (const value of values) addValue(sketch, value)
    values.sort((a, b) => a - b)
    for (const share of [0.5, 0.9, 0.99]) {
      const exact = values[Math.floor(share * values.length)] ?? 0
      expect(Math.abs(quantileOf([sketch], share) / exact - 1)).toBeLessThan(0.12)
    }
  })

  test('the highest stay exact when there is no room for all', () => {
    const sketch = emptySketch()
    for (let power = 0; power < 14; power++)
      for (let at = 0; at < 100; at++) addValue(sketch, 10 ** power * (1 + at / 10))
    expect(sketch.buckets.size).toBeLessThanOrEqual(64)
    expect(quantileOf([sketch], 0.999) / (10 ** 13 * 10.9)).toBeGreaterThan(0.88)
    expect(quantileOf([sketch], 0.999) / (10 ** 13 * 10.9)).toBeLessThan(1.12)
  })

  test('nothing, zero and less are no values; text gives it back', () => {
    const sketch = emptySketch()
    for (const value of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) addValue(sketch, value)
    expect(quantileOf([sketch], 0.99)).toBe(0)
    for (const value of [5, 1, 900]) addValue(sketch, value)
    expect(writeSketch(readSketch(writeSketch(sketch)))).toEqual(writeSketch(sketch))
    expect(readSketch(writeSketch(sketch)).total).toBe(3)
  })
})
