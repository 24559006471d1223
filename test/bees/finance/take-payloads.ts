import type { ChargeFact, InvoiceFact, RefundFact, SubscriptionFact, Told } from '../../../bees/finance/facts.ts'
import type { EventHead, ReadFacts, ReadOrder, Take, Taken } from '../../../bees/finance/steps.ts'
import type { FinanceDatabase } from './finance-database.ts'
import { epochS, stripeId } from './stripe-ids.ts'

/** Payloads for finance.take, made by hand: what an event would say and what Stripe would show. */

export const at = (seconds: number): string => new Date(seconds * 1000).toISOString()

export interface Customer {
  readonly customer: string
  readonly mustRead?: boolean
}

const none = { cancel_at: null, canceled_at: null, ended_at: null, trial_end: null, latest_invoice: null }

export const subscriptionTold = (
  id: string,
  { customer, mustRead = false, ...fact }: Partial<SubscriptionFact> & Customer,
): Told => ({
  kind: 'subscription',
  customer,
  must_read: mustRead,
  fact: {
    id,
    made_at: at(epochS),
    status: 'active',
    currency: 'usd',
    cancel_at_period_end: false,
    collection_paused: false,
    update_pending: false,
    items: [],
    ...none,
    ...fact,
  },
})

export const invoiceTold = (id: string, { customer, ...fact }: Partial<InvoiceFact> & Customer): Told => ({
  kind: 'invoice',
  customer,
  must_read: false,
  fact: {
    id,
    made_at: at(epochS),
    status: 'open',
    subscription: null,
    payment_intent: null,
    charge: null,
    total: 100,
    amount_due: 100,
    amount_paid: 0,
    currency: 'usd',
    billing_reason: null,
    attempt_count: 0,
    next_attempt_at: null,
    paid_at: null,
    ...fact,
  },
})

export const chargeTold = (id: string, customer: string | null, fact: Partial<ChargeFact>): Told => ({
  kind: 'charge',
  customer,
  must_read: false,
  fact: {
    id,
    made_at: at(epochS),
    payment_intent: null,
    invoice: null,
    status: 'succeeded',
    amount: 1000,
    amount_captured: 1000,
    amount_refunded: 0,
    currency: 'usd',
    ...fact,
  },
})

export const refundTold = (id: string, charge: string, fact: Partial<RefundFact>): Told => ({
  kind: 'refund',
  customer: null,
  must_read: false,
  fact: {
    id,
    made_at: at(epochS),
    charge,
    payment_intent: null,
    status: 'succeeded',
    amount: 100,
    currency: 'usd',
    reason: null,
    failure_reason: null,
    ...fact,
  },
})

/** A snapshot event that tells this, its own object first. */
export function snapshot(created: number, told: Told, ...others: readonly Told[]): Take {
  return {
    head: headOf(created),
    target: { kind: told.kind, object: told.fact.id },
    facts: [told, ...others],
    reads: [],
    park: false,
  }
}

/** A thin event, or with `synthetic` a question. */
export function thin(created: number, told: Told, form: EventHead['form'] = 'thin'): Take {
  return {
    head: { ...headOf(created), form },
    target: { kind: told.kind, object: told.fact.id },
    facts: [],
    reads: [],
    park: false,
  }
}

const headOf = (created: number): EventHead => ({
  account: 'self',
  livemode: false,
  event: stripeId('evt'),
  type: 'made.by_hand',
  form: 'snapshot',
  created_at: at(created),
  api_version: null,
})

export interface Shown {
  /** Stripe's clock. */
  readonly date: number
  readonly elapsedMs?: number
}

/** What Stripe showed for an order; nothing: there is no such object. */
export const readOf = (order: ReadOrder, { date, elapsedMs = 10 }: Shown, ...facts: readonly Told[]): ReadFacts => ({
  kind: order.kind,
  object: order.object,
  tickets: order.tickets,
  found: facts.length > 0,
  facts,
  date: at(date),
  elapsed_ms: elapsedMs,
})

export const withReads = (take: Take, ...reads: readonly ReadFacts[]): Take => ({ ...take, reads })

export const parked = (take: Take): Take => ({ ...take, park: true })

/** The first thing to read; a decision that is something else fails the test. */
export function orderOf(taken: Taken): ReadOrder {
  if (taken.decision !== 'read' || taken.reads[0] === undefined)
    throw new Error(`expected an order to read, received ${JSON.stringify(taken)}`)
  return taken.reads[0]
}

/** What became of it, in a word: the state, `same` where it changed no row, or `read`. */
export function wordOf(taken: Taken): string {
  if (taken.decision === 'read') return 'read'
  const { state, waits_for } = taken.outcome
  // Nobody has a user here, so what was applied waits for one.
  const applied = state === 'applied' || waits_for === 'user'
  return applied ? (taken.changed ? 'applied' : 'same') : state
}

export const take = async (db: FinanceDatabase, payload: Take): Promise<string> => wordOf(await db.take(payload))
