import { sensitive, z } from '../../src/bee/index.ts'

const hidden = sensitive(z.unknown()).optional()

/** Where Stripe's objects carry a person's name, address or contact. Not needed here; hidden if they come along. */
const personal = {
  address: hidden,
  billing_details: hidden,
  collected_information: hidden,
  custom_fields: hidden,
  customer_address: hidden,
  customer_details: hidden,
  customer_email: hidden,
  customer_name: hidden,
  customer_phone: hidden,
  customer_shipping: hidden,
  customer_tax_ids: hidden,
  email: hidden,
  hosted_invoice_url: hidden,
  invoice_pdf: hidden,
  name: hidden,
  payment_method_details: hidden,
  phone: hidden,
  receipt_email: hidden,
  receipt_url: hidden,
  shipping: hidden,
  shipping_details: hidden,
}

const stripeObject = z.looseObject({
  ...personal,
  customer: z.union([z.string(), z.looseObject(personal)]).nullish(),
})

/**
 * A snapshot event as the task takes it: the members that are the same in every delivery. Lenient about the object,
 * whose shape depends on the API version; strict about what becomes part of the business key.
 */
export const stripeEvent = z.object({
  id: z.string().regex(/^evt_\w{1,250}$/),
  type: z.string().regex(/^[\w.]{1,200}$/),
  /** Seconds since 1970; until the year 9999, which is as far as the notation of times goes. */
  created: z.int().min(0).max(253_402_300_799),
  livemode: z.boolean(),
  /** The connected account; absent or null for the own account. */
  account: z
    .string()
    .regex(/^acct_\w{1,250}$/)
    .nullish(),
  api_version: z.string().max(100).nullish(),
  data: z.looseObject({ object: stripeObject, previous_attributes: z.looseObject(personal).nullish() }),
})

export type StripeEvent = z.output<typeof stripeEvent>
