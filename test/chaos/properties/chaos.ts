import type { SeededRandom } from '../../support/seeded-random.ts'

/** What may go wrong in one history, as probabilities at each place where it can. */
export interface Chaos {
  /** A computer dies before its call has left, after the commit, or while it waits for Stripe. */
  readonly die: number
  /** A computer stands still, longer than its process waits for it, and then goes on as if nothing had been. */
  readonly freeze: number
  /** A delivery finds no broker, and the webhook runs the task itself. */
  readonly brokerAway: number
  /** The transaction commits and nobody hears of it. */
  readonly loseReply: number
  /** Stripe answers 429, 500, or too late. */
  readonly readFails: number
  /** Most milliseconds of one way to Stripe or to the database. */
  readonly latencyMs: number
  /** Of the executors' wall clocks, at most, either way. */
  readonly clockSkewMs: number
  /** Between the clock behind Stripe's Date header and the one behind `created`; within the guard's slack. */
  readonly dateSkewMs: number
  /** The ways to Stripe and back of a read that begins at that moment, milliseconds. @default by seed, up to latencyMs */
  readonly readWaysMs?: ((atMs: number) => readonly [number, number]) | undefined
  /** When Stripe's API cannot be reached, by the world's clock. */
  readonly outages: readonly { readonly fromMs: number; readonly untilMs: number }[]
}

const fiveMinutesMs = 300_000
/** The guard's slack is 2 s. */
const withinSlackMs = 1_900

export const calm: Chaos = {
  die: 0,
  freeze: 0,
  brokerAway: 0,
  loseReply: 0,
  readFails: 0,
  latencyMs: 120,
  clockSkewMs: fiveMinutesMs,
  dateSkewMs: 0,
  outages: [],
}

/** One history's share of trouble; some have none, some much of one kind. */
export function chaosOf(random: SeededRandom, fromMs: number, untilMs: number): Chaos {
  const often = () => random.pick([0, 0, 0.03, 0.12, 0.3])
  const outage = () => {
    const beginMs = random.integer(fromMs, untilMs)
    return { fromMs: beginMs, untilMs: beginMs + random.pick([2_000, 30_000, 600_000]) }
  }
  return {
    die: often(),
    freeze: often(),
    brokerAway: often(),
    loseReply: often(),
    readFails: often(),
    latencyMs: random.pick([5, 120, 800, 3_000]),
    clockSkewMs: fiveMinutesMs,
    dateSkewMs: random.integer(-withinSlackMs, withinSlackMs),
    outages: random.boolean(0.25) ? Array.from({ length: random.integer(1, 3) }, outage) : [],
  }
}

/** Stripe cannot be reached from the first event to long after the last one. */
export const downThroughout = (chaos: Chaos): Chaos => ({
  ...chaos,
  outages: [{ fromMs: Number.NEGATIVE_INFINITY, untilMs: Number.POSITIVE_INFINITY }],
})
