import type { Bee } from '../bee/index.ts'
import type { Config } from '../config.ts'
import type { RunDirect, Submitter } from '../fleet/index.ts'
import { createStripeWebhook } from '../http/index.ts'
import type { Ledger } from '../ledger/index.ts'
import type { Log, Metrics } from '../telemetry/index.ts'

export interface StripeIngressParts {
  readonly config: Config
  readonly bees: readonly Bee[]
  readonly submitter: Submitter
  readonly runDirect: RunDirect
  readonly ledger: Ledger
  readonly log: Log
  readonly metrics: Metrics
}

const bee = 'finance'
const task = 'apply_stripe_event'
const submitMs = 5000

/** The Stripe webhook, wired to the broker and, for when it is away, to the database. Undefined without Finance Bee. */
export function stripeIngress(parts: StripeIngressParts): ((request: Request) => Promise<Response>) | undefined {
  const { config, submitter, runDirect, ledger, log, metrics } = parts
  if (!parts.bees.some(({ name, tasks }) => name === bee && tasks.has(task))) return undefined
  return createStripeWebhook({
    secrets: config.STRIPE_WEBHOOK_SECRET ?? [],
    livemode: config.STRIPE_LIVEMODE === 'any' ? 'any' : config.STRIPE_LIVEMODE === 'true',
    maxBytes: config.BEES_WEBHOOK_MAX_BYTES,
    submit: ({ event }, { signal, label }) =>
      submitter.submit({ bee, task, input: { event }, label, signal, timeoutMs: submitMs }),
    async direct({ event }, { signal, deadlineMs }) {
      const leftMs = Math.max(1, deadlineMs - performance.now())
      const { outcome, receipt } = await runDirect(bee, task, { event }, { deadlineMs: leftMs, signal })
      return { outcome, receipt: receipt ?? undefined }
    },
    deadLetter: (letter, options) => ledger.deadLetter(letter, options),
    log,
    metrics,
  })
}
