import type { Json } from '../../canonical.ts'
import { BeeError } from '../../errors.ts'

/** Deeper than any Stripe object by far, and within what a task takes (64, counted from its input). */
const maxDepth = 60

/** A task takes no input with such a name in it. `metadata` may have them: they must not cost us the whole event. */
const unsafeMembers: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

/** Members that carry a person's name, address or contact, a link to them, or a secret. `metadata` is the user's own and stays as it is. */
const personalMembers: ReadonlySet<string> = new Set([
  'address',
  'billing_details',
  'business_name',
  'client_secret',
  'collected_information',
  'confirmation_secret',
  'custom_fields',
  'customer_address',
  'customer_details',
  'customer_email',
  'customer_name',
  'customer_phone',
  'customer_shipping',
  'customer_tax_ids',
  'destination_details',
  'email',
  'evidence',
  'hosted_invoice_url',
  'instructions_email',
  'invoice_pdf',
  'ip',
  'last_payment_error',
  'name',
  'next_action',
  'payment_method_details',
  'pdf',
  'phone',
  'receipt_email',
  'receipt_url',
  'shipping',
  'shipping_details',
  'source',
  'sources',
  'url',
])

/**
 * A copy that the broker and Postgres can hold: lone surrogates and NUL characters (no jsonb takes them) are replaced
 * by U+FFFD; personal members, when `dropPersonal` is set, and names that reach into prototypes are left out. Equal
 * values give equal copies.
 *
 * @throws BeeError BEE_WEBHOOK_MALFORMED when it is nested deeper than 60 levels
 */
export function cleanJson(value: Json, dropPersonal: boolean, depth = 0): Json {
  if (depth > maxDepth) throw new BeeError('BEE_WEBHOOK_MALFORMED', `The event is nested deeper than ${maxDepth}.`)
  if (typeof value === 'string') return cleanText(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item: Json) => cleanJson(item, dropPersonal, depth + 1))
  const kept = Object.entries(value).filter(
    ([key]) => !unsafeMembers.has(key) && !(dropPersonal && personalMembers.has(key)),
  )
  return Object.fromEntries(
    kept.map(([key, member]) => [cleanText(key), cleanJson(member, dropPersonal && key !== 'metadata', depth + 1)]),
  )
}

const cleanText = (text: string): string => text.toWellFormed().replaceAll('\u0000', '\uFFFD')
