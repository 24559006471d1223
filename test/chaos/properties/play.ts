import { createHash } from 'node:crypto'
import type { SeededRandom } from '../../support/seeded-random.ts'
import type { Chaos } from './chaos.ts'
import type { Figures } from './figures.ts'
import type { OpenLedger } from './open-ledger.ts'
import type { VirtualTime } from './virtual-time.ts'

/** What one history is played with. */
export interface Play {
  /** Of its own, so that the keys of no two histories meet in one ledger. */
  readonly colony: string
  readonly time: VirtualTime
  readonly random: SeededRandom
  readonly chaos: Chaos
  readonly ledger: OpenLedger
  readonly figures: Figures
  readonly executors: readonly Executor[]
}

export interface Executor {
  readonly id: string
  /** How wrong its wall clock is. */
  readonly skewMs: number
}

export const hexOf = (...parts: readonly (string | number)[]): string =>
  createHash('sha256').update(parts.join(' ')).digest('hex')

/** Both extremes and two in between. */
export const executorsOf = (colony: string, random: SeededRandom, skewMs: number): readonly Executor[] =>
  [-skewMs, skewMs, random.integer(-skewMs, skewMs), 0].map((skew, index) => ({
    id: hexOf(colony, 'executor', index),
    skewMs: skew,
  }))

/** One way over a network: mostly short, sometimes long. */
export const wayMs = ({ random, chaos }: Play): number => {
  const share = random.next()
  return 1 + Math.floor(share * share * share * chaos.latencyMs)
}
