import type { Bee } from '../bee/index.ts'
import { ColoniesClient, createFetchTransport, type Transport } from '../colonies/index.ts'
import { type Config, loadConfig } from '../config.ts'
import { BeeError } from '../errors.ts'
import { createDirect, createSubmitter, type RunDirect } from '../fleet/index.ts'
import { createEventsIngress, type RecordedItems } from '../http/index.ts'
import type { Ledger } from '../ledger/index.ts'
import { systemClock } from '../resilience/index.ts'
import { createLog, type Log, type Metrics, type Notify, noMetrics } from '../telemetry/index.ts'
import { SigningKey } from '../trust/index.ts'
import { brokerUrl, connectLedger, required } from './connect.ts'
import { analysisTrigger } from './security/analysis-trigger.ts'
import type { WebhookHandler } from './stripe-ingress.ts'

export interface SecurityIngressParts {
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

const bee = 'security'
const task = 'record_events'
const analysis = 'analyze_security'

/** Runs record_events here and now, with the ledger's keys: the same items again are the same transaction. */
export function securityRecorder({ config, bees, ledger, env, log, metrics }: SecurityIngressParts): RunDirect {
  if (!bees.some(({ name, tasks }) => name === bee && tasks.has(task))) {
    throw new BeeError(
      'BEE_TASK_UNKNOWN',
      `Security events are handed to ${bee}/${task}, and there is no such task here.`,
    )
  }
  const receiptKey = config.BEES_RECEIPT_KEY === undefined ? undefined : new SigningKey(config.BEES_RECEIPT_KEY)
  return createDirect({
    ...{ bees, ledger, colony: config.COLONIES_COLONY_NAME, receiptKey, clock: systemClock, log, metrics, env },
  })
}

/**
 * `POST /events`, wired to the database; the analysis is then asked for at the broker. When that does not work the events
 * are safe all the same: the analysis looks by itself every few seconds.
 *
 * @throws BeeError BEE_CONFIG_INVALID, BEE_TASK_UNKNOWN without the Security Bee
 */
export function securityIngress(parts: SecurityIngressParts): WebhookHandler {
  const { config, bees, transport, log, metrics, notify } = parts
  const runDirect = securityRecorder(parts)
  const canSubmit = config.COLONIES_PRVKEY !== undefined && config.BEES_SUBMITTER_KEY !== undefined
  const analyses = canSubmit && bees.some(({ name, tasks }) => name === bee && tasks.has(analysis))
  const onRecorded = analyses
    ? analysisTrigger({
        submitter: createSubmitter({
          client: new ColoniesClient({
            ...{ url: brokerUrl(config), transport, privateKey: required(config, 'COLONIES_PRVKEY') },
          }),
          colony: config.COLONIES_COLONY_NAME,
          envelopeKey: new SigningKey(required(config, 'BEES_SUBMITTER_KEY')),
          bees,
          clock: systemClock,
        }),
        ...{ bee, task: analysis, log },
      })
    : undefined
  return createEventsIngress({
    secrets: required(config, 'SECURITY_EVENTS_SECRETS').map((text) => secretOf(text, config.SECURITY_TENANT)),
    maxBytes: config.SECURITY_EVENTS_MAX_BYTES,
    maxInflatedBytes: config.SECURITY_EVENTS_MAX_BYTES * 8,
    perSecond: config.SECURITY_EVENTS_PER_SECOND,
    record: async (tenant, items, { signal, deadlineMs }) => {
      const { result } = await runDirect(bee, task, { tenant, items }, { signal, deadlineMs })
      return result as unknown as RecordedItems
    },
    ...{ onRecorded, log, metrics, notify },
  })
}

function secretOf(text: string, tenant: string) {
  const colon = text.indexOf(':')
  return colon === -1 ? { tenant, secret: text } : { tenant: text.slice(0, colon), secret: text.slice(colon + 1) }
}

/**
 * The same as a function of its own, for Netlify, Supabase edge functions or whatever takes a `Request`: configured by the
 * same environment variables as a hive, and with nothing else running.
 *
 * @param bees the Security Bee, imported by the caller so that a bundler finds it.
 * @throws BeeError BEE_CONFIG_INVALID
 */
export function securityFunction(
  env: Readonly<Record<string, string | undefined>>,
  bees: readonly Bee[],
): WebhookHandler {
  const config = loadConfig(env)
  return securityIngress({
    ...{ config, bees, env, metrics: noMetrics },
    ledger: connectLedger(config),
    transport: createFetchTransport({ url: `${brokerUrl(config)}/api` }),
    log: createLog({ level: config.BEES_LOG_LEVEL }),
  })
}
