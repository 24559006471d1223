import { type CodeTable, code } from './code.ts'

/** Ingress. */
export const ingressCodes = {
  BEE_WEBHOOK_METHOD: code('terminal', 'The webhook route takes POST only.', 'Send POST.'),
  BEE_WEBHOOK_TOO_LARGE: code(
    'terminal',
    'The body is larger than the limit.',
    'Raise BEES_WEBHOOK_MAX_BYTES if the sender is right.',
  ),
  BEE_WEBHOOK_SIGNATURE: code(
    'terminal',
    'No configured secret made this signature, or its time is outside the tolerance.',
    'Check STRIPE_WEBHOOK_SECRET and the clock.',
  ),
  BEE_WEBHOOK_MALFORMED: code(
    'terminal',
    'The signed body is not a Stripe event.',
    'Point the Stripe endpoint, not something else, at this URL.',
  ),
  BEE_WEBHOOK_LIVEMODE: code(
    'terminal',
    'A test event came to a live hive, or the other way round.',
    "Check the endpoint's mode and STRIPE_LIVEMODE.",
  ),
  BEE_WEBHOOK_SLOW: code(
    'retryable',
    'The body did not arrive in time or broke off.',
    'Nothing: Stripe sends it again; look at the proxy in front if it happens often.',
  ),
  BEE_WEBHOOK_ACCOUNT: code(
    'terminal',
    'The event belongs to a connected account that is not accepted here.',
    'Point the Connect endpoint elsewhere, or add the account to STRIPE_ACCOUNTS.',
  ),
  BEE_WEBHOOK_NOT_DURABLE: code(
    'retryable',
    'Neither broker nor database could hold the event.',
    'Nothing: Stripe sends it again; mend broker and database.',
  ),
} as const satisfies CodeTable
