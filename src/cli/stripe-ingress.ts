import type { Bee } from '../bee/index.ts'
import { createStripeWebhook } from '../http/index.ts'
import { required } from './connect.ts'
import {
  expectTask,
  type IngressParts,
  ingressDirect,
  ingressSubmitter,
  partsOfFunction,
  type RequestHandler,
} from './ingress.ts'

const bee = 'finance'
const task = 'apply_stripe_event'
const submitMs = 5000

/**
 * The Stripe webhook, wired to the broker and, for when it is away, to the database.
 *
 * @throws BeeError BEE_CONFIG_INVALID, BEE_TASK_UNKNOWN without the Finance Bee
 */
export function stripeIngress(parts: IngressParts): RequestHandler {
  const { config, bees, ledger, log, metrics, notify } = parts
  expectTask(bees, bee, task, 'The webhook hands events')
  const submitter = ingressSubmitter(parts)
  const runDirect = ingressDirect(parts)
  return createStripeWebhook({
    secrets: required(config, 'STRIPE_WEBHOOK_SECRET'),
    livemode: config.STRIPE_LIVEMODE === 'any' ? 'any' : config.STRIPE_LIVEMODE === 'true',
    accounts: config.STRIPE_ACCOUNTS[0] === 'any' ? 'any' : config.STRIPE_ACCOUNTS,
    maxBytes: config.BEES_WEBHOOK_MAX_BYTES,
    submit: ({ event }, { signal, label }) =>
      submitter.submit({ bee, task, input: { event }, label, signal, timeoutMs: submitMs }),
    direct: ({ event }, options) => runDirect(bee, task, { event }, options),
    deadLetter: (letter, options) => ledger.deadLetter(letter, options),
    ...{ log, metrics, notify },
  })
}

/**
 * The same as a function of its own, for Netlify, Supabase edge functions, Hono or whatever takes a `Request`: configured
 * by the same environment variables as a hive, and with nothing else running. docs/webhook.md shows how to deploy it.
 *
 * @param bees the Finance Bee, imported by the caller so that a bundler finds it.
 * @throws BeeError BEE_CONFIG_INVALID
 */
export function stripeFunction(
  env: Readonly<Record<string, string | undefined>>,
  bees: readonly Bee[],
): RequestHandler {
  return stripeIngress(partsOfFunction(env, bees))
}
