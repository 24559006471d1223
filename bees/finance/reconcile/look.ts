import { type FreshSteps, type Json, TerminalError } from '../../../src/bee/index.ts'
import { appliedType } from '../event-types.ts'
import type { Kind, Told } from '../facts.ts'
import { type Heard, normalise } from '../normalise.ts'
import { toldOf } from '../objects/told-of.ts'
import type { Target } from '../steps.ts'
import { type SnapshotEvent, snapshotEvent } from '../stripe-event.ts'
import { asking } from '../synthetic.ts'
import type { Batch } from './fetch-batch.ts'
import { type Figures, noFigures } from './figures.ts'
import type { Phase } from './phases.ts'
import { answer, differences, type Position, type Tenant, unknownEvents } from './protocol.ts'

/** What a batch gives to do. */
export interface Work {
  /** Lost events, or objects to be read. */
  readonly heard: readonly Heard[]
  readonly figures: Figures
}

export interface LookOptions {
  readonly tenant: Tenant
  readonly phase: Phase
  readonly position: Position
  readonly batch: Batch
  readonly steps: FreshSteps
  /** Process id. */
  readonly process: string
}

/** Compares a batch with the tables: one transaction, which changes nothing. */
export function look(options: LookOptions): Promise<Work> {
  const { what } = options.phase
  return what === 'event' ? lostEvents(options) : differing(what, options)
}

/** Events that somebody would have applied and that are not in finance.events, the newest first. */
async function lostEvents({ tenant, batch, steps }: LookOptions): Promise<Work> {
  const { account, livemode } = tenant
  const events: SnapshotEvent[] = []
  let unreadable = 0
  for (const object of batch.objects) {
    if (object.created > batch.window.to_s) continue
    const parsed = snapshotEvent.safeParse(object)
    if (!parsed.success || parsed.data.livemode !== livemode) unreadable += 1
    else if (appliedType(parsed.data.type) !== undefined) {
      // What is listed in the name of an account does not always say whose it is.
      events.push({ ...parsed.data, account: account === 'self' ? null : account })
    }
  }
  if (events.length === 0) return { heard: [], figures: { ...noFigures, unreadable } }
  const { output } = await steps.transact({ op: 'unknown', account, livemode, ids: events.map(({ id }) => id) })
  const unknown = new Set(answer(unknownEvents, output, 'unknown').unknown)
  const heard: Heard[] = []
  for (const event of events) {
    if (!unknown.has(event.id)) continue
    const said = orUnreadable(() => normalise(event))
    if (said === null) unreadable += 1
    else heard.push(said)
  }
  return { heard, figures: { ...noFigures, unreadable } }
}

/** What the tables say otherwise than the list, and rows that the list should have shown. */
async function differing(kind: Kind, { tenant, phase, position, batch, steps, process }: LookOptions): Promise<Work> {
  const { account, livemode } = tenant
  const told: Told[] = []
  let unreadable = 0
  for (const object of batch.objects) {
    const [own] = orUnreadable(() => toldOf(kind, object)) ?? []
    if (own === undefined) unreadable += 1
    else told.push(own)
  }
  const figures = { ...noFigures, compared: told.length, unreadable }
  const rows = phase.withRows ? rowsBetween(position, batch) : null
  if (told.length === 0 && rows === null) return { heard: [], figures }
  const listed = batch.objects.map(({ id }) => id)
  const untold = told.filter(isUntold).map(({ fact }) => fact.id)
  // A type alias all through, so it is JSON; the compiler cannot see that of a union with type parameters.
  const { output } = await steps.transact({
    op: 'differs',
    account,
    livemode,
    kind,
    told,
    untold,
    listed,
    rows,
  } satisfies Json)
  const since = new Date(batch.dateS * 1000).toISOString()
  const ask = (target: Target) => asking({ reason: 'reconcile', process, account, livemode, since, ...target })
  return { heard: answer(differences, output, 'differs').differs.map(ask), figures }
}

/** States before any event that is applied: that there is no row of such an object is no difference. */
const untoldStates: Readonly<Partial<Record<Kind, readonly (string | null)[]>>> = {
  checkout_session: ['open'],
  invoice: ['draft'],
  invoice_payment: ['open', 'canceled'],
  payment_intent: ['requires_payment_method', 'requires_confirmation'],
}

const isUntold = ({ kind, fact }: Told): boolean =>
  'status' in fact && (untoldStates[kind]?.includes(fact.status) ?? false)

/** The stretch of time that a batch of a list stands for; lists go from the newest to the oldest. */
const rowsBetween = ({ after_s }: Position, { next, window }: Batch) => ({
  from_s: next === null ? null : next.after_s,
  to_s: after_s ?? window.to_s,
})

/** What Stripe says and we cannot understand is told in the figures, and keeps nothing else from being looked at. */
function orUnreadable<T>(read: () => T): T | null {
  try {
    return read()
  } catch (thrown) {
    if (thrown instanceof TerminalError) return null
    throw thrown
  }
}
