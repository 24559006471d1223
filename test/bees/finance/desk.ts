import { applyStripeEvent } from '../../../bees/finance/apply-stripe-event.ts'
import type { Kind } from '../../../bees/finance/facts.ts'
import type { FinanceServices } from '../../../bees/finance/services.ts'
import { setEntitlementPolicy } from '../../../bees/finance/set-entitlement-policy.ts'
import {
  type ReadProblem,
  type ReadReply,
  type StripeObject,
  StripeReadError,
} from '../../../bees/finance/stripe/reader.ts'
import { type Bee, defineBee } from '../../../src/bee/index.ts'
import { adminQuery, createDatabase, type TestDatabase } from '../../support/index.ts'
import { runTask, type TaskRun } from '../../support/run-task.ts'
import { epochS, type SentEvent, type SentThinEvent } from './stripe-events.ts'

/** Stripe's API as a list of objects, written by hand, and the bee that reads there. */
export interface Desk {
  readonly database: TestDatabase
  /** What Stripe shows from now on; null: there is none. */
  show(kind: Kind, object: Record<string, unknown> & { readonly id?: unknown }): void
  remove(kind: Kind, id: string): void
  /** Stripe's clock, seconds since 1970. */
  clockS: number
  /** Why nothing can be read; undefined: it can. */
  trouble: ReadProblem | undefined
  /** Called during each read, between what it looked at and its answer. */
  during: ((read: StripeObject, call: number) => Promise<void>) | undefined
  readonly reads: StripeObject[]
  /** One delivery of an event, as the webhook hands it on; `process` repeats a process. */
  deliver(event: SentEvent | SentThinEvent, process?: string): Promise<Delivered>
  rows(sql: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>
  readonly bee: Bee
}

export interface Delivered extends TaskRun {
  readonly output: { readonly event: string; readonly state: string; readonly waits_for: string | null }
}

/** What a submitter hands in: the members that are the same in every delivery. */
export function inputOf(event: SentEvent | SentThinEvent) {
  const {
    pending_webhooks: _,
    request: __,
    changes: ___,
    reason: ____,
    ...kept
  } = event as unknown as Record<string, unknown>
  return { event: JSON.parse(JSON.stringify(event.object === 'event' ? { ...kept, object: undefined } : kept)) }
}

export async function openDesk(): Promise<Desk> {
  const database = await createDatabase()
  const objects = new Map<string, Record<string, unknown>>()
  const keyOf = (kind: Kind, id: unknown) => `${kind} ${String(id)}`
  const desk: Desk = {
    database,
    clockS: epochS + 100,
    trouble: undefined,
    during: undefined,
    reads: [],
    show: (kind, object) => void objects.set(keyOf(kind, object.id), object),
    remove: (kind, id) => void objects.delete(keyOf(kind, id)),
    deliver: async (event, process) =>
      (await runTask(bee, 'apply_stripe_event', inputOf(event), { database, process })) as Delivered,
    rows: (sql, values = []) => adminQuery(database.url, sql, values),
    get bee() {
      return bee
    },
  }
  const read = async (asked: StripeObject): Promise<ReadReply> => {
    desk.reads.push(asked)
    if (desk.trouble !== undefined) throw new StripeReadError(desk.trouble, 'as the test wants it')
    const object = objects.get(keyOf(asked.kind, asked.object))
    const times = { dateS: desk.clockS, elapsedMs: 20 }
    await desk.during?.(asked, desk.reads.length)
    return object === undefined ? { found: false, ...times } : { found: true, object, ...times }
  }
  const bee = defineBee<FinanceServices>({
    name: 'finance',
    description: 'The finance bee with a Stripe of its own.',
    services: () => ({
      stripe: { read },
      lists: { modes: [], page: () => Promise.reject(new StripeReadError('no_key', 'there are no lists here')) },
    }),
    tasks: { apply_stripe_event: applyStripeEvent, set_entitlement_policy: setEntitlementPolicy },
  })
  return desk
}
