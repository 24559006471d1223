import type { Clock, FreshSteps, Json, TaskContext } from '../../../src/bee/index.ts'
import { readEach } from '../read-each.ts'
import type { FinanceServices } from '../services.ts'
import { type ReadProblem, StripeReadError } from '../stripe/reader.ts'
import { type Batch, fetchBatch } from './fetch-batch.ts'
import { type Figures, noFigures, sum } from './figures.ts'
import { look, type Work } from './look.ts'
import { type Phase, phaseAfter, phaseCalled } from './phases.ts'
import type { Position, Tenant } from './protocol.ts'

export interface PassTools
  extends Pick<TaskContext<unknown, FinanceServices>, 'services' | 'process' | 'signal' | 'count' | 'log'> {
  readonly steps: FreshSteps
  readonly clock: Clock
  readonly days: number
  /** A difference that is younger may still be repaired by an event that is on its way. */
  readonly settleS: number
  /** No time is left, or the hive is going to stop. */
  readonly isOver: () => boolean
}

export interface PassEnd {
  readonly complete: boolean
  /** Of this run alone. */
  readonly done: Figures
  /** Why Stripe could not be asked for all of it. */
  readonly problem: ReadProblem | null
}

const callMs = 15_000
/** As long as Stripe keeps events. */
const keptDays = 30

const fromTheStart: Position = {
  ...{ phase: null, after: null, after_s: null, window: null, events_taken_all: true, figures: noFigures },
}

/**
 * Goes on with a tenant's pass from where the last run left it, until it is through or this run is over. Nothing is
 * believed that a list says: an event goes the way of every event, and an object that differs is read with a ticket. What
 * has been done is saved after every batch; a batch that a crash cut short is simply done again.
 */
export async function runPass(tenant: Tenant, tools: PassTools): Promise<PassEnd> {
  let position = tenant.position ?? fromTheStart
  let done = noFigures
  let problem: ReadProblem | null = null
  while (!tools.isOver()) {
    const phase = phaseCalled(position.phase)
    const end = await runBatch(tenant, phase, position, tools)
    done = sum(done, end.figures)
    problem = end.problem ?? problem
    const next = placeAfter(phase, end)
    const { window } = end.batch ?? position
    const figures = sum(position.figures, end.figures)
    const events_taken_all = position.events_taken_all && (phase.name !== 'event' || end.problem === null)
    position = { ...position, ...(next === 'here' ? {} : next), window, figures, events_taken_all }
    const through = phase.name === 'event' && next !== 'here' && next?.phase !== phase.name
    const events_through_s = through ? eventsThrough(tenant, position, tools.days) : null
    await save(tenant, { position, over: next === null, events_through_s }, tools)
    if (next === null) return { complete: problem === null, done, problem }
    if (next === 'here') break
  }
  return { complete: false, done, problem }
}

interface BatchEnd {
  /** Null: it could not be listed. */
  readonly batch: Batch | null
  readonly finished: boolean
  readonly problem: ReadProblem | null
  readonly figures: Figures
}

async function runBatch(tenant: Tenant, phase: Phase, position: Position, tools: PassTools): Promise<BatchEnd> {
  const { services, process, signal, clock, steps, days, settleS, log } = tools
  try {
    const options = { signal, timeoutMs: Math.min(callMs, process.remainingMs()), days, settleS }
    const batch = await fetchBatch(services.lists, tenant, phase, position, options)
    const fetchedMs = clock.monotonicMs()
    const work = await look({ tenant, phase, position, batch, steps, process: process.id })
    const restMs = fetchedMs + settleS * 1000 - clock.monotonicMs()
    if (phase.what !== 'event' && work.heard.length > 0 && restMs > 0) await clock.sleep(restMs, signal)
    return { batch, ...(await repair(work, tools)) }
  } catch (thrown) {
    if (!(thrown instanceof StripeReadError)) throw thrown
    log.warn('a part of Stripe could not be reconciled', { part: phase.name, problem: thrown.problem })
    return { batch: null, finished: false, problem: thrown.problem, figures: noFigures }
  }
}

async function repair({ heard, figures }: Work, tools: PassTools): Promise<Omit<BatchEnd, 'batch'>> {
  let repaired = figures
  const end = await readEach(heard, {
    ...{ ...tools, reader: tools.services.stripe },
    onTook: ({ head, target }, { changed }) => {
      const lost = head.form !== 'synthetic'
      if (lost) tools.count('lost_event')
      if (changed) tools.count('drift')
      repaired = sum(repaired, {
        ...{ ...noFigures, events_taken: lost ? 1 : 0 },
        ...(changed ? { drift: 1, by_kind: { [target?.kind ?? 'none']: 1 } } : {}),
      })
    },
  })
  return { ...end, figures: repaired }
}

type Place = Pick<Position, 'phase' | 'after' | 'after_s'>

/** Where to go on; null after the last phase. */
function placeAfter(phase: Phase, { batch, finished, problem }: BatchEnd): Place | 'here' | null {
  if (batch !== null && finished && batch.next !== null) return { phase: phase.name, ...batch.next }
  // A right that the key lacks must not keep the other objects from being looked at; an outage ends the run.
  const refused = batch === null && problem === 'forbidden'
  if (!refused && (batch === null || !finished)) return 'here'
  const following = phaseAfter(phase)
  return following === null ? null : { phase: following, after: null, after_s: null }
}

/**
 * Up to where the next pass need not look at events again: null where nothing is gained, or where a stretch before this
 * pass has never been looked at.
 */
function eventsThrough(
  { events_through_s }: Tenant,
  { window, events_taken_all }: Position,
  days: number,
): number | null {
  if (window === null || !events_taken_all) return null
  const joins = events_through_s === null ? days >= keptDays : window.events_from_s <= events_through_s
  return joins ? window.to_s : null
}

interface Saving {
  readonly position: Position
  readonly over: boolean
  readonly events_through_s: number | null
}

async function save({ account, livemode, pass }: Tenant, saving: Saving, { steps }: PassTools): Promise<void> {
  await steps.transact({ op: 'save', account, livemode, pass, ...saving } satisfies Json)
}
