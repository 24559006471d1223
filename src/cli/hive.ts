import { loadBees } from '../bee/index.ts'
import { ColoniesClient, createHttpTransport, parsePrivateKey } from '../colonies/index.ts'
import type { Config } from '../config.ts'
import { coloniesBroker, createFleet, createSchedules, type FleetDrain } from '../fleet/index.ts'
import { type HttpServer, startHttp } from '../http/index.ts'
import { systemClock } from '../resilience/index.ts'
import type { Log, Metrics } from '../telemetry/index.ts'
import { SigningKey, selfTest } from '../trust/index.ts'
import { brokerUrl, connectLedger, required } from './connect.ts'
import { hiveStatus, readinessOf } from './hive-status.ts'
import { createKeyRing } from './key-ring.ts'
import { beesDir } from './paths.ts'
import { createHiveEvents } from './security/hive-events.ts'
import { securityIngress, securityRecorder } from './security-ingress.ts'
import { stripeIngress } from './stripe-ingress.ts'
import { trustedSubmitters } from './trusted-submitters.ts'

export interface HiveOptions {
  readonly log: Log
  readonly metrics: Metrics
  /** What the bees' services are built from. @default process.env */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
  /** Ends an open poll at stop instead of waiting for it; right where one broker serves all. @default false */
  readonly cutPollAtStop?: boolean | undefined
}

export interface Hive {
  readonly url: string
  readonly bees: readonly { readonly name: string; readonly tasks: readonly string[] }[]
  /** Drains: tasks finish or are given back, receipts are stored, the HTTP server closes. */
  stop(): Promise<FleetDrain>
  /** The second signal. */
  force(): Promise<FleetDrain>
}

const readinessEveryMs = 500

/**
 * Puts a hive together from its configuration and starts it: bees, fleet, webhook, HTTP server.
 *
 * @throws BeeError with the code of whatever is wrong with configuration, bees or port
 */
export async function startHive(config: Config, options: HiveOptions): Promise<Hive> {
  const { log, metrics, cutPollAtStop, env: given = process.env } = options
  selfTest()
  const clock = systemClock
  const startedAt = new Date().toISOString()
  const colony = config.COLONIES_COLONY_NAME
  const found = await loadBees(beesDir(config), { only: config.BEES_ONLY })
  const bees = found.map((bee) =>
    config.BEES_SLOTS === undefined ? bee : Object.freeze({ ...bee, slots: config.BEES_SLOTS }),
  )
  const ledger = connectLedger(config, metrics)
  const receiptKey = new SigningKey(required(config, 'BEES_RECEIPT_KEY'))
  const submitterKey = config.BEES_SUBMITTER_KEY === undefined ? undefined : new SigningKey(config.BEES_SUBMITTER_KEY)
  const keyRing = createKeyRing({ ledger, receiptKey, clock, log })
  const url = brokerUrl(config)
  // One connection pool for all identities; each long poll holds a connection.
  const transport = createHttpTransport({ url: `${url}/api` })
  const clientFor = (privateKey: Uint8Array) => new ColoniesClient({ url, transport, privateKey })
  const key = (hex: string | undefined) => (hex === undefined ? undefined : parsePrivateKey(hex))
  // What the configuration says counts, also where the local stack has said it.
  const env = {
    ...given,
    STRIPE_SECRET_KEY: config.STRIPE_SECRET_KEY,
    STRIPE_API_URL: config.STRIPE_API_URL,
    SECURITY_PSEUDONYM_KEY: config.SECURITY_PSEUDONYM_KEY,
  }
  if (config.STRIPE_SECRET_KEY === undefined && bees.some(({ name }) => name === 'finance')) {
    log.warn(
      {},
      'STRIPE_SECRET_KEY is not set: nothing can be read from Stripe, and events whose order is unclear wait',
    )
  }

  const trustedKeys = trustedSubmitters(config)

  // What the hive notices at its own doors.
  const hasSecurity = bees.some(({ name }) => name === 'security')
  const watchesItself = hasSecurity && config.SECURITY_PSEUDONYM_KEY !== undefined
  const recordOwn = watchesItself ? securityRecorder({ config, bees, ledger, transport, env, log, metrics }) : undefined
  const tenant = config.SECURITY_TENANT
  const hiveEvents =
    recordOwn &&
    createHiveEvents({
      record: (items, budget) => recordOwn('security', 'record_events', { tenant, items }, budget),
      clock,
      log,
    })
  const notify = hiveEvents?.notify

  const fleet = createFleet({
    bees,
    broker: coloniesBroker({
      colony,
      clientFor,
      colonyKey: key(config.COLONIES_COLONY_PRVKEY),
      clock,
      random: Math.random,
    }),
    colony,
    ledger,
    receiptKey,
    trustedKeys,
    clock,
    log,
    metrics,
    notify,
    env,
    executorKey: key(config.COLONIES_EXECUTOR_PRVKEY),
    host: config.COLONIES_EXECUTOR_NAME,
    tuning: { poller: { pollTimeoutS: config.BEES_POLL_SECONDS }, cutPollAtStop: cutPollAtStop ?? false },
  })

  // Without the two keys nobody can hand a task in from here; another hive looks after the schedules then.
  const schedules =
    !config.BEES_SCHEDULES || submitterKey === undefined || config.COLONIES_PRVKEY === undefined
      ? undefined
      : createSchedules({
          client: clientFor(parsePrivateKey(config.COLONIES_PRVKEY)),
          ...{ colony, envelopeKey: submitterKey, trustedKeys, bees, clock, log, metrics },
        })

  const takesStripe =
    config.STRIPE_WEBHOOK_SECRET !== undefined &&
    config.COLONIES_PRVKEY !== undefined &&
    bees.some(({ name }) => name === 'finance')
  const stripeWebhook = takesStripe
    ? stripeIngress({ config, bees, ledger, transport, env, log, metrics, notify })
    : undefined

  const takesEvents = config.SECURITY_EVENTS_SECRETS !== undefined && hasSecurity
  const events = takesEvents
    ? securityIngress({ config, bees, ledger, transport, env, log, metrics, notify })
    : undefined

  let draining = false
  const readiness = () => readinessOf(fleet.status(), draining)
  const http: HttpServer = await startHttp({
    host: config.BEES_HOST,
    port: config.BEES_PORT,
    livenessMs: config.BEES_LIVENESS_SECONDS * 1000,
    log,
    metrics,
    jwks: () => keyRing.jwks(),
    status: () =>
      hiveStatus({
        ...{ config, bees, startedAt, fleet: fleet.status(), readiness: readiness() },
        schedules: schedules?.status() ?? [],
      }),
    stripeWebhook,
    events,
  })
  keyRing.publish()
  await fleet.start()
  schedules?.start()
  http.setReadiness(readiness())
  const ticking = setInterval(() => http.setReadiness(readiness()), readinessEveryMs)
  ticking.unref()

  const close = async (drained: Promise<FleetDrain>): Promise<FleetDrain> => {
    draining = true
    http.setReadiness(readiness())
    await schedules?.stop()
    const result = await drained
    clearInterval(ticking)
    keyRing.stop()
    await http.close()
    await hiveEvents?.stop()
    transport.close()
    return result
  }
  let stopped: Promise<FleetDrain> | undefined
  return {
    url: `http://${config.BEES_HOST === '0.0.0.0' ? '127.0.0.1' : config.BEES_HOST}:${http.port}`,
    bees: bees.map((bee) => ({ name: bee.name, tasks: [...bee.tasks.keys()] })),
    stop() {
      stopped ??= close(fleet.stop({ graceMs: config.BEES_DRAIN_SECONDS * 1000 }))
      return stopped
    },
    force() {
      const forced = fleet.force()
      stopped ??= close(forced)
      return stopped
    },
  }
}
