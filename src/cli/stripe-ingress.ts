import type { Bee } from '../bee/index.ts'
import { ColoniesClient, createFetchTransport, type Transport } from '../colonies/index.ts'
import { type Config, loadConfig } from '../config.ts'
import { BeeError } from '../errors.ts'
import { createDirect, createSubmitter } from '../fleet/index.ts'
import { createStripeWebhook } from '../http/index.ts'
import type { Ledger } from '../ledger/index.ts'
import { systemClock } from '../resilience/index.ts'
import { createLog, type Log, type Metrics, type Notify, noMetrics } from '../telemetry/index.ts'
import { SigningKey } from '../trust/index.ts'
import { brokerUrl, connectLedger, required } from './connect.ts'

export type WebhookHandler = (request: Request) => Promise<Response>

export interface StripeIngressParts {
  readonly config: Config
  readonly bees: readonly Bee[]
  readonly ledger: Ledger
  /** Carries the calls to the broker. */
  readonly transport: Transport
  readonly env: Readonly<Record<string, string | undefined>>
  readonly log: Log
  readonly metrics: Metrics
  readonly notify?: Notify | undefined
}

const bee = 'finance'
const task = 'apply_stripe_event'
const submitMs = 5000

/**
 * The Stripe webhook, wired to the broker and, for when it is away, to the database.
 *
 * @throws BeeError BEE_CONFIG_INVALID, BEE_TASK_UNKNOWN without the Finance Bee
 */
export function stripeIngress({
  config,
  bees,
  ledger,
  transport,
  env,
  log,
  metrics,
  notify,
}: StripeIngressParts): WebhookHandler {
  if (!bees.some(({ name, tasks }) => name === bee && tasks.has(task))) {
    throw new BeeError(
      'BEE_TASK_UNKNOWN',
      `The webhook hands events to ${bee}/${task}, and there is no such task here.`,
    )
  }
  const clock = systemClock
  const colony = config.COLONIES_COLONY_NAME
  const submitter = createSubmitter({
    client: new ColoniesClient({ url: brokerUrl(config), transport, privateKey: required(config, 'COLONIES_PRVKEY') }),
    colony,
    envelopeKey: new SigningKey(required(config, 'BEES_SUBMITTER_KEY')),
    bees,
    clock,
  })
  const receiptKey = config.BEES_RECEIPT_KEY === undefined ? undefined : new SigningKey(config.BEES_RECEIPT_KEY)
  const runDirect = createDirect({ bees, ledger, colony, receiptKey, clock, log, metrics, env })
  return createStripeWebhook({
    secrets: required(config, 'STRIPE_WEBHOOK_SECRET'),
    livemode: config.STRIPE_LIVEMODE === 'any' ? 'any' : config.STRIPE_LIVEMODE === 'true',
    accounts: config.STRIPE_ACCOUNTS[0] === 'any' ? 'any' : config.STRIPE_ACCOUNTS,
    maxBytes: config.BEES_WEBHOOK_MAX_BYTES,
    submit: ({ event }, { signal, label }) =>
      submitter.submit({ bee, task, input: { event }, label, signal, timeoutMs: submitMs }),
    direct: ({ event }, options) => runDirect(bee, task, { event }, options),
    deadLetter: (letter, options) => ledger.deadLetter(letter, options),
    log,
    metrics,
    notify,
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
): WebhookHandler {
  const config = loadConfig(env)
  return stripeIngress({
    config,
    bees,
    ledger: connectLedger(config),
    // fetch is what every runtime has.
    transport: createFetchTransport({ url: `${brokerUrl(config)}/api` }),
    env,
    log: createLog({ level: config.BEES_LOG_LEVEL }),
    metrics: noMetrics,
  })
}
