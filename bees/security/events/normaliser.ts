import type { SecurityEvent } from './event.ts'
import type { Pseudonymiser } from './pseudonym.ts'

/** Why an item was not taken. A closed list: metrics are labelled with it, and nothing of the item is in it. */
export const refusalReasons = [
  'not_an_object',
  'too_large',
  'unknown_format',
  'unreadable_time',
  'bad_field',
  'unknown_field',
  'other_tenant',
  'other_source',
  'too_old',
  'too_far_ahead',
] as const
export type RefusalReason = (typeof refusalReasons)[number]

export interface Refusal {
  readonly reason: RefusalReason
  /** Name of the field of ours that is wrong; never a name that the sender made up. */
  readonly field?: string | undefined
}

/** An event, a reason, or neither: a log line that says nothing to us. */
export interface Normalised {
  readonly event?: SecurityEvent | undefined
  readonly refusal?: Refusal | undefined
}

export const nothingToTell: Normalised = Object.freeze({})

export interface NormaliserContext {
  readonly tenant: string
  readonly pseudonyms: Pseudonymiser
}

/** Turns one raw item into an event. Never throws. */
export type Normaliser = (item: Readonly<Record<string, unknown>>, context: NormaliserContext) => Normalised

export const refuse = (reason: RefusalReason, field?: string): Normalised => ({
  refusal: field === undefined ? { reason } : { reason, field },
})
