import type { Kind } from '../facts.ts'

/** Of one pass, by Stripe's clock, seconds since 1970. */
export interface Window {
  readonly from_s: number
  /** What is younger may still be on its way to us. */
  readonly to_s: number
  /** Events before it have been looked at by an earlier pass. */
  readonly events_from_s: number
}

export interface Phase {
  readonly name: string
  readonly what: Kind | 'event'
  /** Null while the pass has not heard from Stripe yet. */
  readonly filters: (window: Window | null) => Readonly<Record<string, string>>
  /** Rows that the list should have shown are read too. */
  readonly withRows: boolean
}

const recent = (what: Kind): Phase => ({
  name: what,
  what,
  filters: ofWindow,
  withRows: false,
})

/** Stripe's filters; the brackets are part of the name. */
function between(from_s: number | undefined, window: Window | null): Readonly<Record<string, string>> {
  if (window === null || from_s === undefined) return {}
  return { 'created[gte]': String(from_s), 'created[lte]': String(window.to_s) }
}

function ofWindow(window: Window | null): Readonly<Record<string, string>> {
  return between(window?.from_s, window)
}

const undelivered: Phase = {
  name: 'undelivered',
  what: 'event',
  filters: () => ({ delivery_success: 'false' }),
  withRows: false,
}

/**
 * What a pass looks at, in this order: first events that never came (Stripe keeps them for 30 days), which repairs most
 * things and costs no reads; then the objects themselves, for what no event has told.
 */
export const phases: readonly Phase[] = Object.freeze([
  undelivered,
  { name: 'event', what: 'event', filters: (window) => between(window?.events_from_s, window), withRows: false },
  {
    name: 'subscription',
    what: 'subscription',
    // Without a status Stripe lists all that have not ended, however old.
    filters: (window) => (window === null ? {} : { 'created[lte]': String(window.to_s) }),
    withRows: true,
  },
  // Those whose whole life went by unheard of.
  { ...recent('subscription'), name: 'ended', filters: (window) => ({ ...ofWindow(window), status: 'ended' }) },
  recent('customer'),
  recent('checkout_session'),
  recent('invoice'),
  recent('invoice_payment'),
  recent('payment_intent'),
  recent('charge'),
  recent('refund'),
  recent('dispute'),
  recent('credit_note'),
] satisfies readonly Phase[])

/** By its name; a name that no version knows any more means: from the beginning. */
export const phaseCalled = (name: string | null): Phase => phases.find((phase) => phase.name === name) ?? undelivered

/** The name of the one after it; null after the last. */
export const phaseAfter = ({ name }: Phase): string | null =>
  phases[phases.findIndex((phase) => phase.name === name) + 1]?.name ?? null
