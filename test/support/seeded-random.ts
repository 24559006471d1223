import { randomInt } from 'node:crypto'
import { onTestFailed } from 'vitest'

export interface SeededRandom {
  readonly seed: number
  /** 0 <= x < 1 */
  readonly next: () => number
  /** min <= n <= max, whole numbers */
  readonly integer: (min: number, max: number) => number
  readonly pick: <T>(items: readonly T[]) => T
  /** A new array in another order. */
  readonly shuffle: <T>(items: readonly T[]) => T[]
  readonly boolean: (probability?: number) => boolean
}

/**
 * Random numbers that can be had again. The seed is printed when the test fails; give it as TEST_SEED to repeat.
 * @param seed 32 bits. @default TEST_SEED, else a new one
 */
export function seededRandom(seed: number = Number(process.env.TEST_SEED ?? randomInt(2 ** 31))): SeededRandom {
  try {
    onTestFailed(() => console.error(`seed: TEST_SEED=${seed}`))
  } catch {
    // Outside of a running test there is nothing to hook into: say it now.
    console.info(`seed: TEST_SEED=${seed}`)
  }
  return randomFrom(seed)
}

/** The same without a word: for who says the seed in a line of its own. */
export function randomFrom(seed: number): SeededRandom {
  let state = seed >>> 0
  // mulberry32: public domain, one multiplication chain a number, good enough for shuffling tests.
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const integer = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1))
  const pick = <T>(items: readonly T[]): T => {
    if (items.length === 0) throw new RangeError('There is nothing to pick from.')
    return items[integer(0, items.length - 1)] as T
  }
  const shuffle = <T>(items: readonly T[]): T[] => {
    const result = [...items]
    for (let i = result.length - 1; i > 0; i -= 1) {
      const j = integer(0, i)
      const held = result[i] as T
      result[i] = result[j] as T
      result[j] = held
    }
    return result
  }
  return { seed, next, integer, pick, shuffle, boolean: (probability = 0.5) => next() < probability }
}
