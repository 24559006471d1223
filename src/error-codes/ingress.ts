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
  BEE_EVENTS_METHOD: code('terminal', 'The route for events takes POST only.', 'Send POST.'),
  BEE_EVENTS_SECRET: code(
    'terminal',
    'The request carries none of the configured secrets.',
    'Send one of SECURITY_EVENTS_SECRETS as `Authorization: Bearer …` or `x-events-secret`.',
  ),
  BEE_EVENTS_RATE: code(
    'retryable',
    'Too many requests with this secret, or from this address with a wrong one.',
    'Send fewer and larger batches, after the time in Retry-After; or raise SECURITY_EVENTS_PER_SECOND.',
  ),
  BEE_EVENTS_TOO_LARGE: code(
    'terminal',
    'The body, unpacked or not, or its number of items is larger than the limit.',
    'Send smaller batches, or raise SECURITY_EVENTS_MAX_BYTES.',
  ),
  BEE_EVENTS_MALFORMED: code(
    'terminal',
    'The body is neither a JSON array, a JSON object nor one JSON value a line.',
    'Look at docs/security-events.md for what is understood.',
  ),
  BEE_EVENTS_SLOW: code(
    'retryable',
    'The body did not arrive in time or broke off.',
    'Send it again; what was kept before counts once.',
  ),
  BEE_EVENTS_NOT_DURABLE: code(
    'retryable',
    'The database could not hold all of the events in time.',
    'Send all of them again after the time in Retry-After; what was kept before counts once.',
  ),
} as const satisfies CodeTable
