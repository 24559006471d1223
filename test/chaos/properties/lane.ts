import { setTimeout as sleep } from 'node:timers/promises'
import type { PlanRow, PolicyRow } from '../../world/index.ts'
import { type OpenLedger, openLedger } from './open-ledger.ts'
import { openRecorder, type Recorder } from './recorder.ts'

export interface LaneSettings {
  readonly plans?: readonly PlanRow[] | undefined
  readonly policies?: readonly PolicyRow[] | undefined
}

/**
 * A database of its own in which histories are played one after the other: what one of them parks, no other one's
 * tasks find. Several lanes run side by side.
 */
export interface Lane {
  readonly ledger: OpenLedger
  readonly recorder: Recorder
  /** Forgets the last history and sets what the next one is to be played under. */
  prepare(settings: LaneSettings): Promise<void>
  /** How many events wait for Stripe. */
  parked(): Promise<number>
  /** Computes every entitlement anew from the rows as they are. */
  recompute(): Promise<void>
  /** Ends connections in the middle of their work, at random moments, until the returned function is called. */
  killConnections(tell: (killed: number) => void): () => Promise<void>
  /** A name that no history of this lane has had: the ledger is append-only. */
  nextColony(seed: number): string
  close(): Promise<void>
}

/** So that every process comes to its end at last. */
const mostKills = 10

/** @param url of a superuser, whose database has all migrations and nobody else in it */
export async function openLane(url: string, connections = 8): Promise<Lane> {
  const recorder = await openRecorder(url)
  const ledger = openLedger(url, connections)
  let played = 0
  return {
    ledger,
    recorder,
    prepare: async ({ plans = [], policies = [] }) => {
      await recorder.clear()
      for (const { account, livemode, price, plan, rank } of plans) {
        await recorder.query(
          'insert into finance.plans (account, livemode, price, plan, rank) values ($1, $2, $3, $4, $5)',
          [account, livemode, price, plan, rank],
        )
      }
      for (const { account, livemode, pastDueGraceDays, dispute } of policies) {
        await recorder.query(
          `insert into finance.policies (account, livemode, past_due_grace, dispute)
           values ($1, $2, make_interval(days => $3), $4)`,
          [account, livemode, pastDueGraceDays, dispute],
        )
      }
    },
    parked: async () => {
      const [row] = await recorder.query(
        `select count(*)::int as n from finance.events where state = 'parked' and waits_for = 'stripe'`,
      )
      return Number(row?.['n'])
    },
    recompute: async () => {
      await recorder.query('select finance.recompute(account, livemode, user_id) from finance.user_profiles')
    },
    killConnections: (tell) => {
      let wanted = true
      const killing = (async () => {
        for (let kills = 0; wanted && kills < mostKills; kills += 1) {
          // A moment between two kills; nothing is waited for.
          await sleep(5 + Math.random() * 40)
          if (wanted) tell(await ledger.killSome(1))
        }
      })()
      return async () => {
        wanted = false
        await killing
      }
    },
    nextColony: (seed) => {
      played += 1
      return `history ${seed}, ${played} of its lane`
    },
    close: async () => {
      await ledger.close()
      await recorder.close()
    },
  }
}
