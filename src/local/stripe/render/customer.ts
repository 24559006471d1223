import type Stripe from 'stripe'
import type { Customer } from '../models.ts'
import type { StripeJson } from '../types.ts'
import type { Frame } from './frame.ts'
import type { Wire } from './wire.ts'

export function customerJson(customer: Customer, frame: Frame): StripeJson {
  if (customer.deleted && !frame.inEvent) return deletedCustomerJson(customer)
  const json = {
    id: customer.id,
    object: 'customer',
    address: null,
    balance: 0,
    created: customer.createdS,
    currency: customer.currency,
    customer_account: null,
    default_source: null,
    delinquent: customer.delinquent,
    description: null,
    email: customer.email,
    invoice_prefix: customer.id.slice(-8).toUpperCase(),
    invoice_settings: {
      custom_fields: null,
      default_payment_method: null,
      footer: null,
      rendering_options: null,
    },
    livemode: customer.livemode,
    metadata: {},
    name: 'Canary Person',
    next_invoice_sequence: 1,
    phone: null,
    preferred_locales: [],
    shipping: null,
    tax_exempt: 'none',
    test_clock: customer.testClock,
  } satisfies Wire<Stripe.Customer>
  return json
}

export const deletedCustomerJson = ({ id }: Customer) =>
  ({ id, object: 'customer', deleted: true }) satisfies Stripe.DeletedCustomer
