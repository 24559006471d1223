import type { Bee } from '../bee/index.ts'
import type { Json } from '../canonical.ts'
import type { RunDirect } from '../fleet/index.ts'
import { createEventsIngress, eventsSecrets, type RecordedItems } from '../http/index.ts'
import { required } from './connect.ts'
import {
  expectTask,
  hasTask,
  type IngressParts,
  ingressDirect,
  ingressSubmitter,
  partsOfFunction,
  type RequestHandler,
} from './ingress.ts'
import { analysisTrigger } from './security/analysis-trigger.ts'

const bee = 'security'
const task = 'record_events'
const analysis = 'analyze_security'

/** Runs record_events here and now, with the ledger's keys: the same items again are the same transaction. */
export function securityRecorder(parts: IngressParts): RunDirect {
  expectTask(parts.bees, bee, task, 'Security events are handed')
  return ingressDirect(parts)
}

/**
 * `POST /events`, wired to the database; the analysis is then asked for at the broker. When that does not work the events
 * are safe all the same: the analysis looks by itself every few seconds.
 *
 * @throws BeeError BEE_CONFIG_INVALID, BEE_TASK_UNKNOWN without the Security Bee
 */
export function securityIngress(parts: IngressParts): RequestHandler {
  const { config, bees, log, metrics, notify } = parts
  const runDirect = securityRecorder(parts)
  const canSubmit = config.COLONIES_PRVKEY !== undefined && config.BEES_SUBMITTER_KEY !== undefined
  const analyses = canSubmit && hasTask(bees, bee, analysis)
  const onRecorded = analyses
    ? analysisTrigger({ submitter: ingressSubmitter(parts), bee, task: analysis, log })
    : undefined
  return createEventsIngress({
    secrets: eventsSecrets(required(config, 'SECURITY_EVENTS_SECRETS'), config.SECURITY_TENANT),
    maxBytes: config.SECURITY_EVENTS_MAX_BYTES,
    maxInflatedBytes: config.SECURITY_EVENTS_MAX_BYTES * 8,
    perSecond: config.SECURITY_EVENTS_PER_SECOND,
    record: async (tenant, items, { mandate, signal, deadlineMs }) => {
      const input = { tenant, items, mandate: { ...mandate } } as Json
      const { result } = await runDirect(bee, task, input, { signal, deadlineMs })
      return result as unknown as RecordedItems
    },
    ...{ onRecorded, log, metrics, notify },
  })
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
): RequestHandler {
  return securityIngress(partsOfFunction(env, bees))
}
