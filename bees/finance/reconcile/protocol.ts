import { z } from '../../../src/bee/index.ts'
import { kindSchema } from '../taken.ts'
import { figures } from './figures.ts'

/** What goes between the task and bee_tasks.finance__reconcile_stripe besides what goes to `finance.take`. */

const seconds = z.int().min(0)

/** Where a pass has come to. */
export const position = z.object({
  /** Null: the first one. */
  phase: z.string().nullable(),
  /** The last id of the page before; null at the beginning of a phase. */
  after: z.string().nullable(),
  /** When that object was made. */
  after_s: seconds.nullable(),
  /** Null until Stripe has told its time. */
  window: z.object({ from_s: seconds, to_s: seconds, events_from_s: seconds }).nullable(),
  /** No event of this pass had to be left where it is. */
  events_taken_all: z.boolean(),
  /** Of the whole pass so far. Absolute, so that a save may be repeated. */
  figures,
})

export const tenant = z.object({
  account: z.string(),
  livemode: z.boolean(),
  /** Names it: who saves the place of another one changes nothing. */
  pass: z.string(),
  /** Null: a new pass. */
  position: position.nullable(),
  /** Up to where an earlier pass has looked at all events; null at first. */
  events_through_s: seconds.nullable(),
})

export const begun = z.object({ tenants: z.array(tenant) })
export const unknownEvents = z.object({ unknown: z.array(z.string()) })
export const differences = z.object({ differs: z.array(z.object({ kind: kindSchema, object: z.string() })) })

export type Position = z.output<typeof position>
export type Tenant = z.output<typeof tenant>

/** @throws Error that names members, never their values */
export function answer<Schema extends z.ZodType>(schema: Schema, output: unknown, op: string): z.output<Schema> {
  const parsed = schema.safeParse(output)
  if (parsed.success) return parsed.data
  const members = [...new Set(parsed.error.issues.map(({ path }) => path.join('.')))]
  throw new Error(`${op}: cannot read the answer of the database; look at: ${members.slice(0, 5).join(', ') || 'all'}`)
}
