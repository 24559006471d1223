import { canary, epochS, type Shape } from './stripe-ids.ts'

export interface ChargeParts {
  readonly id: string
  readonly customer: string | null
  readonly amount: number
  readonly amount_refunded: number
  readonly currency?: string
  readonly status?: string
  readonly payment_intent?: string
  readonly invoice?: string
  readonly refunds?: readonly Omit<RefundParts, 'charge'>[]
  readonly moreRefunds?: boolean
}

export function chargeOf(parts: ChargeParts, shape: Shape = 'new'): Record<string, unknown> {
  const currency = parts.currency ?? 'usd'
  const refunds = (parts.refunds ?? []).map((refund) =>
    refundOf({
      charge: parts.id,
      currency,
      ...(parts.payment_intent === undefined ? {} : { payment_intent: parts.payment_intent }),
      ...refund,
    }),
  )
  return {
    id: parts.id,
    object: 'charge',
    created: epochS,
    livemode: false,
    paid: true,
    captured: true,
    amount_captured: parts.amount,
    payment_method_details: { card: { name: canary } },
    customer: parts.customer,
    billing_details: { email: canary, name: canary, phone: canary, address: { line1: canary } },
    receipt_email: canary,
    amount: parts.amount,
    amount_refunded: parts.amount_refunded,
    refunded: parts.amount_refunded === parts.amount,
    currency,
    payment_intent: parts.payment_intent ?? null,
    status: parts.status ?? 'succeeded',
    ...(shape === 'old' ? { invoice: parts.invoice ?? null } : {}),
    ...(shape === 'old' || refunds.length > 0
      ? { refunds: { object: 'list', has_more: parts.moreRefunds ?? false, data: refunds } }
      : {}),
  }
}

export interface RefundParts {
  readonly id: string
  readonly amount: number
  readonly charge?: string
  readonly payment_intent?: string
  readonly status?: string
  readonly currency?: string
  readonly failure_reason?: string
  readonly created?: number
}

export function refundOf(parts: RefundParts): Record<string, unknown> {
  return {
    id: parts.id,
    object: 'refund',
    created: parts.created ?? epochS,
    amount: parts.amount,
    currency: parts.currency ?? 'usd',
    charge: parts.charge ?? null,
    payment_intent: parts.payment_intent ?? null,
    status: parts.status ?? 'succeeded',
    reason: 'requested_by_customer',
    instructions_email: canary,
    ...(parts.failure_reason === undefined ? {} : { failure_reason: parts.failure_reason }),
  }
}

export interface PaymentIntentParts {
  readonly id: string
  readonly customer: string | null
  readonly amount: number
  readonly status?: string
  readonly amount_received?: number
  readonly currency?: string
  readonly charge?: string
  readonly invoice?: string
}

export function paymentIntentOf(parts: PaymentIntentParts, shape: Shape = 'new'): Record<string, unknown> {
  const status = parts.status ?? 'succeeded'
  return {
    id: parts.id,
    object: 'payment_intent',
    created: epochS,
    livemode: false,
    customer: parts.customer,
    status,
    amount: parts.amount,
    amount_received: parts.amount_received ?? (status === 'succeeded' ? parts.amount : 0),
    currency: parts.currency ?? 'usd',
    client_secret: `${parts.id}_secret_${canary}`,
    latest_charge: parts.charge ?? null,
    last_payment_error: { payment_method: { billing_details: { email: canary } } },
    receipt_email: canary,
    shipping: { name: canary },
    ...(shape === 'old' ? { invoice: parts.invoice ?? null } : {}),
  }
}

export interface DisputeParts {
  readonly id: string
  readonly charge: string
  readonly amount: number
  readonly payment_intent?: string
  readonly status?: string
  readonly currency?: string
  /** What each of its balance transactions moved. @default the amount, withdrawn */
  readonly moved?: readonly number[]
}

export function disputeOf(parts: DisputeParts): Record<string, unknown> {
  const currency = parts.currency ?? 'usd'
  return {
    id: parts.id,
    object: 'dispute',
    created: epochS,
    livemode: false,
    charge: parts.charge,
    payment_intent: parts.payment_intent ?? null,
    amount: parts.amount,
    currency,
    status: parts.status ?? 'needs_response',
    reason: 'fraudulent',
    is_charge_refundable: false,
    balance_transactions: (parts.moved ?? [-parts.amount]).map((amount, index) => ({
      id: `txn_${parts.id}_${index}`,
      object: 'balance_transaction',
      amount,
      fee: amount < 0 ? 1500 : 0,
      net: amount < 0 ? amount - 1500 : amount,
      currency,
    })),
    evidence: { customer_name: canary, customer_email_address: canary, billing_address: canary },
  }
}
