/**
 * Random numbers of the simulator: mulberry32 (public domain), and forks by label, so that a change in one scenario leaves the
 * numbers of all others as they were.
 */
export interface Random {
  /** 0 <= x < 1 */
  readonly next: () => number
  /** min <= n <= max, whole numbers. */
  readonly integer: (min: number, max: number) => number
  /** min <= x < max */
  readonly between: (min: number, max: number) => number
  readonly chance: (probability: number) => boolean
  readonly pick: <T>(items: readonly T[]) => T
  /** `count` different ones (all of them if there are fewer), in random order. */
  readonly sample: <T>(items: readonly T[], count: number) => T[]
  /** Waiting time of a Poisson process. */
  readonly wait: (mean: number) => number
  /** How many events of a Poisson process; for means up to some 50. */
  readonly poisson: (mean: number) => number
  readonly normal: (mean: number, deviation: number) => number
  /** Log-normal with this median. */
  readonly skewed: (median: number, sigma: number) => number
  /** `length` hex digits. */
  readonly hex: (length: number) => string
  readonly fork: (label: string) => Random
}

function hashOf(text: string, seed: number): number {
  let hash = (seed ^ 0x811c9dc5) >>> 0
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b)
  return (hash ^ (hash >>> 15)) >>> 0
}

export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const integer = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1))
  const normal = (mean: number, deviation: number): number =>
    mean + deviation * Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
  return {
    next,
    integer,
    between: (min, max) => min + next() * (max - min),
    chance: (probability) => next() < probability,
    pick: <T>(items: readonly T[]): T => {
      if (items.length === 0) throw new RangeError('There is nothing to pick from.')
      return items[integer(0, items.length - 1)] as T
    },
    sample: <T>(items: readonly T[], count: number): T[] => {
      const rest = [...items]
      const size = Math.min(count, rest.length)
      for (let i = 0; i < size; i += 1) {
        const j = integer(i, rest.length - 1)
        const held = rest[i] as T
        rest[i] = rest[j] as T
        rest[j] = held
      }
      return rest.slice(0, size)
    },
    wait: (mean) => -mean * Math.log(1 - next()),
    poisson: (mean) => {
      const limit = Math.exp(-mean)
      let count = 0
      for (let product = next(); product > limit; product *= next()) count += 1
      return count
    },
    normal,
    skewed: (median, sigma) => median * Math.exp(normal(0, sigma)),
    hex: (length) => {
      let text = ''
      while (text.length < length) text += integer(0, 0xffffff).toString(16).padStart(6, '0')
      return text.slice(0, length)
    },
    fork: (label) => createRandom(hashOf(label, seed)),
  }
}
