import { sensitive, z } from '../../src/bee/index.ts'

const hidden = sensitive(z.unknown()).optional()

/** Where Stripe's objects carry a person's name, address or contact, or a secret. Not needed here; hidden if they come along. */
const personal = {
  address: hidden,
  billing_details: hidden,
  client_secret: hidden,
  collected_information: hidden,
  confirmation_secret: hidden,
  custom_fields: hidden,
  customer_address: hidden,
  customer_details: hidden,
  customer_email: hidden,
  customer_name: hidden,
  customer_phone: hidden,
  customer_shipping: hidden,
  customer_tax_ids: hidden,
  destination_details: hidden,
  email: hidden,
  evidence: hidden,
  hosted_invoice_url: hidden,
  instructions_email: hidden,
  invoice_pdf: hidden,
  last_payment_error: hidden,
  name: hidden,
  next_action: hidden,
  payment_method_details: hidden,
  pdf: hidden,
  phone: hidden,
  receipt_email: hidden,
  receipt_url: hidden,
  shipping: hidden,
  shipping_details: hidden,
  source: hidden,
  sources: hidden,
  url: hidden,
}

const stripeObject = z.looseObject({
  ...personal,
  customer: z.union([z.string(), z.looseObject(personal)]).nullish(),
})

const eventId = z.string().regex(/^evt_\w{1,200}$/)

/** The connected account; absent or null for the own account. */
const account = z
  .string()
  .regex(/^acct_\w{1,200}$/)
  .nullish()

/**
 * A snapshot event as the task takes it: the members that are the same in every delivery. Lenient about the object,
 * whose shape depends on the API version; strict about what becomes part of the business key.
 */
export const snapshotEvent = z.object({
  id: eventId,
  /** A thin event without its `object` would look like this one. */
  object: z.literal('event').optional(),
  type: z.string().regex(/^[\w.]{1,200}$/),
  /** Seconds since 1970; until the year 9999, which is as far as the notation of times goes. */
  created: z.int().min(0).max(253_402_300_799),
  livemode: z.boolean(),
  account,
  api_version: z.string().max(100).nullish(),
  data: z.looseObject({ object: stripeObject, previous_attributes: z.looseObject(personal).nullish() }),
})

/** A thin event names its object without carrying it; `snapshot_event` is the id of the snapshot that tells the same. */
export const thinEvent = z.object({
  id: eventId,
  object: z.literal('v2.core.event'),
  type: z.string().regex(/^v1\.[\w.]{1,200}$/),
  /** RFC 3339. */
  created: z.iso.datetime({ offset: true }),
  livemode: z.boolean(),
  account,
  /** Stripe's own name for `account` in thin events. */
  context: account,
  snapshot_event: eventId.nullish(),
  related_object: z.looseObject({ id: z.string().regex(/^\w{1,255}$/), type: z.string().max(100) }).nullish(),
})

export const stripeEvent = z.union([thinEvent, snapshotEvent])

export type SnapshotEvent = z.output<typeof snapshotEvent>
export type ThinEvent = z.output<typeof thinEvent>
export type StripeEvent = z.output<typeof stripeEvent>

export const isThin = (event: StripeEvent): event is ThinEvent => event.object === 'v2.core.event'

/** The account that an event belongs to; `self` for the own one. */
export const accountOf = (event: StripeEvent): string =>
  event.account ?? (isThin(event) ? event.context : undefined) ?? 'self'

/**
 * The identity of an event for the ledger. A thin event has one of its own, since its input has another digest than its
 * snapshot twin's; that the two have one effect is for the tables to see to.
 */
export const keyOf = (event: StripeEvent): string =>
  `${isThin(event) ? 'thin:' : ''}${accountOf(event)}:${event.livemode}:${event.id}`
