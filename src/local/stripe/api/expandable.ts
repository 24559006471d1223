import type { Kind, Shape } from '../types.ts'
import { badParameter } from './errors.ts'

type Members = Readonly<Record<string, Kind>>

const always: { readonly [K in Kind]?: Members } = {
  checkout_session: {
    customer: 'customer',
    subscription: 'subscription',
    payment_intent: 'payment_intent',
    invoice: 'invoice',
  },
  subscription: { customer: 'customer', latest_invoice: 'invoice' },
  invoice: { customer: 'customer' },
  invoice_payment: { invoice: 'invoice', 'payment.payment_intent': 'payment_intent', 'payment.charge': 'charge' },
  payment_intent: { customer: 'customer', latest_charge: 'charge' },
  charge: { customer: 'customer', payment_intent: 'payment_intent', refunds: 'refund', 'refunds.data': 'refund' },
  refund: { charge: 'charge', payment_intent: 'payment_intent' },
  dispute: { charge: 'charge', payment_intent: 'payment_intent' },
  credit_note: { customer: 'customer', invoice: 'invoice' },
}

const since: Readonly<Record<Shape, { readonly [K in Kind]?: Members }>> = {
  acacia: {
    invoice: { subscription: 'subscription', payment_intent: 'payment_intent', charge: 'charge' },
    payment_intent: { invoice: 'invoice' },
    charge: { invoice: 'invoice' },
    credit_note: { refund: 'refund' },
  },
  basil: {
    invoice: {
      payments: 'invoice_payment',
      'payments.data': 'invoice_payment',
      'parent.subscription_details.subscription': 'subscription',
    },
    refund: { customer: 'customer' },
    credit_note: { 'refunds.data.refund': 'refund' },
  },
}

const deepest = 4

/** @throws StripeApiError 400 for a member that is not there in this version, or that cannot be expanded */
export function checkExpand(kind: Kind, shape: Shape, paths: readonly string[]): readonly string[] {
  for (const path of paths) {
    if (path.split('.').length > deepest) throw refuse(path, 'You cannot expand more than 4 levels of a property.')
    if (!fits(kind, shape, path)) throw refuse(path, `This property cannot be expanded (${path}).`)
  }
  return paths
}

function fits(kind: Kind, shape: Shape, path: string): boolean {
  const members = { ...always[kind], ...since[shape][kind] }
  return Object.entries(members).some(
    ([member, inside]) =>
      path === member || (path.startsWith(`${member}.`) && fits(inside, shape, path.slice(member.length + 1))),
  )
}

const refuse = (path: string, message: string) => badParameter(`expand[${path}]`, message, 'property_not_expandable')
