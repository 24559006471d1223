import type { Bee } from '../bee/index.ts'
import { ColoniesClient, createFetchTransport, type Transport } from '../colonies/index.ts'
import { type Config, loadConfig } from '../config.ts'
import { BeeError } from '../errors.ts'
import { createDirect, createSubmitter, type RunDirect, type Submitter } from '../fleet/index.ts'
import type { Ledger } from '../ledger/index.ts'
import { systemClock } from '../resilience/index.ts'
import { createLog, type Log, type Metrics, type Notify, noMetrics } from '../telemetry/index.ts'
import { SigningKey } from '../trust/index.ts'
import { brokerUrl, connectLedger, required } from './connect.ts'

export type RequestHandler = (request: Request) => Promise<Response>

/** What a way in over HTTP is wired to. */
export interface IngressParts {
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

/**
 * The parts of a way in that runs by itself, with no hive around it: a function at Netlify, Supabase or whatever takes a
 * `Request`, configured by the same environment variables as a hive.
 *
 * @throws BeeError BEE_CONFIG_INVALID
 */
export function partsOfFunction(env: IngressParts['env'], bees: readonly Bee[]): IngressParts {
  const config = loadConfig(env)
  return {
    ...{ config, bees, env, metrics: noMetrics },
    ledger: connectLedger(config),
    // fetch is what every runtime has.
    transport: createFetchTransport({ url: `${brokerUrl(config)}/api` }),
    log: createLog({ level: config.BEES_LOG_LEVEL }),
  }
}

export const hasTask = (bees: readonly Bee[], bee: string, task: string): boolean =>
  bees.some(({ name, tasks }) => name === bee && tasks.has(task))

/** @throws BeeError BEE_TASK_UNKNOWN */
export function expectTask(bees: readonly Bee[], bee: string, task: string, what: string): void {
  if (hasTask(bees, bee, task)) return
  throw new BeeError('BEE_TASK_UNKNOWN', `${what} to ${bee}/${task}, and there is no such task here.`)
}

/**
 * Hands tasks in at the broker, signed with the hive's key.
 *
 * @throws BeeError BEE_CONFIG_INVALID
 */
export function ingressSubmitter({ config, bees, transport }: IngressParts): Submitter {
  return createSubmitter({
    client: new ColoniesClient({ url: brokerUrl(config), transport, privateKey: required(config, 'COLONIES_PRVKEY') }),
    colony: config.COLONIES_COLONY_NAME,
    envelopeKey: new SigningKey(required(config, 'BEES_SUBMITTER_KEY')),
    ...{ bees, clock: systemClock },
  })
}

/** Runs tasks here and now, with the ledger's keys: the same input again is the same transaction. */
export function ingressDirect({ config, bees, ledger, env, log, metrics }: IngressParts): RunDirect {
  const receiptKey = config.BEES_RECEIPT_KEY === undefined ? undefined : new SigningKey(config.BEES_RECEIPT_KEY)
  const colony = config.COLONIES_COLONY_NAME
  return createDirect({ bees, ledger, colony, receiptKey, clock: systemClock, log, metrics, env })
}
