import { createHash } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import { identityOf, parsePrivateKey } from '../colonies/index.ts'
import type { Config } from '../config.ts'
import { BeeError } from '../errors.ts'
import { SigningKey } from '../trust/index.ts'
import { prepareAuth } from './auth/index.ts'
import { type BrokerProcess, startBroker } from './colonies/start-broker.ts'
import { prepareColony } from './colony.ts'
import { type RunningGateway, startGateway } from './gateway/index.ts'
import { type LocalKeys, localKeys } from './keys.ts'
import { startMailbox } from './mailbox/start-mailbox.ts'
import { migrate } from './migrate.ts'
import { isPortFree, prepareSupabase, startPostgres } from './postgres/index.ts'
import { type StripeApi, startLocalStripe } from './stripe/index.ts'

export interface LocalStack {
  /** Variables that make the rest of the program find the local parts, as if a person had set them. */
  readonly env: Readonly<Record<string, string>>
  /** Resolves with the name of a part that ended although nobody stopped it. */
  readonly failed: Promise<string>
  /** Stops what was started, in reverse order. Idempotent. */
  close(): Promise<void>
}

export interface LocalStackOptions {
  /** Folder with the *.sql files. */
  readonly migrationsDir: string
  /** Tests switch faults on over HTTP. @default false */
  readonly faultControl?: boolean | undefined
}

/** Where the parts listen when nothing else is there; else on a free port. The latter two are the Supabase CLI's and stripe-mock's. */
const preferredPorts = { broker: 50_080, gateway: 54_321, stripe: 12_111 }

/**
 * Starts the parts that the configuration leaves out: Postgres and the RPC gateway without SUPABASE_URL, the Colonies
 * server without COLONIES_SERVER_HOST. Applies the migrations and prepares the colony. Where no setting speaks of Stripe, a Stripe
 * of its own is started too.
 *
 * @throws BeeError BEE_LOCAL_STACK_LOCKED, BEE_LOCAL_STACK_FAILED, BEE_PORT_IN_USE
 */
export async function startLocalStack(config: Config, options: LocalStackOptions): Promise<LocalStack> {
  const dataDir = resolve(config.BEES_DATA_DIR)
  await mkdir(dataDir, { recursive: true })
  const closers: (() => Promise<void>)[] = []
  let closing: Promise<void> | undefined
  const close = () => {
    closing ??= (async () => {
      for (const stop of closers.reverse()) await stop()
    })()
    return closing
  }
  try {
    const postgres = await startPostgres({ dataDir, databaseUrl: ownDatabase(config) })
    closers.push(postgres.stop)
    const keys = await localKeys(dataDir)
    const env: Record<string, string> = { ...keyVariables(keys, config) }
    const watched: Promise<string>[] = [postgres.exited.then(() => 'Postgres')]
    if (!speaksOfStripe(config)) {
      const stripe = await startStripe(keys, env, options)
      closers.push(stripe.close)
      Object.assign(env, { STRIPE_API_URL: stripe.url, STRIPE_SECRET_KEY: stripeKey(keys) })
    }
    const mailbox = await startMailbox()
    closers.push(mailbox.close)
    Object.assign(env, mailboxVariables(mailbox.url, config))
    // The two need Postgres, not each other. Both are waited for, so that none is still starting when we clean up.
    const started = await Promise.allSettled([
      config.SUPABASE_URL === undefined &&
        startDatabase(postgres.url, dataDir, keys, options).then((gateway) => {
          closers.push(gateway.stop)
          watched.push(gateway.exited.then(() => 'the RPC gateway'))
          Object.assign(env, databaseVariables(gateway, postgres.url, keys))
        }),
      config.COLONIES_SERVER_HOST === undefined &&
        startColony(postgres.url, config, keys, options).then((broker) => {
          closers.push(broker.stop)
          watched.push(broker.exited.then(() => 'the Colonies server'))
          Object.assign(env, brokerVariables(broker, config, keys))
        }),
    ])
    const failure = started.find((part) => part.status === 'rejected')
    if (failure !== undefined) throw failure.reason
    return { env, failed: Promise.race(watched), close }
  } catch (error) {
    await close()
    throw error
  }
}

/**
 * DATABASE_URL beside SUPABASE_URL is the project's own database, as bees migrate takes it: the local broker's tables have
 * no business there.
 */
const ownDatabase = ({ SUPABASE_URL, DATABASE_URL }: Config) => (SUPABASE_URL === undefined ? DATABASE_URL : undefined)

async function startDatabase(
  databaseUrl: string,
  dataDir: string,
  keys: LocalKeys,
  options: LocalStackOptions,
): Promise<RunningGateway> {
  await prepareSupabase(databaseUrl)
  await prepareAuth(databaseUrl)
  await migrate(databaseUrl, { dir: options.migrationsDir })
  return onPort(preferredPorts.gateway, (port) =>
    startGateway({
      databaseUrl,
      port,
      keys: { anon: keys.publishable, service_role: keys.secret },
      storageDir: resolve(dataDir, 'storage'),
      faultControl: options.faultControl ?? false,
    }),
  )
}

async function startColony(
  databaseUrl: string,
  config: Config,
  keys: LocalKeys,
  options: LocalStackOptions,
): Promise<BrokerProcess> {
  const serverId = identityOf(parsePrivateKey(keys.server))
  const faultControl = options.faultControl ?? false
  const broker = await onPort(preferredPorts.broker, (port) =>
    startBroker({ databaseUrl, port, serverId, faultControl }),
  )
  try {
    await prepareColony(`http://127.0.0.1:${broker.port}`, config.COLONIES_COLONY_NAME, keys)
    return broker
  } catch (error) {
    await broker.stop()
    throw error
  }
}

/**
 * Who has a key or a signing secret of their own has objects at the real Stripe. Our double knows nothing of them; it
 * refuses to say anything about objects that are not its own.
 */
function speaksOfStripe({ STRIPE_WEBHOOK_SECRET, STRIPE_SECRET_KEY, STRIPE_API_URL }: Config): boolean {
  return [STRIPE_WEBHOOK_SECRET, STRIPE_SECRET_KEY, STRIPE_API_URL].some((value) => value !== undefined)
}

/** Recognizable, so that nobody takes it for a key of the real Stripe. */
export const localStripeKey = /^sk_test_local[0-9a-f]{32}$/

const stripeKey = ({ secret }: LocalKeys): string =>
  `sk_test_local${createHash('sha256').update(`stripe ${secret}`).digest('hex').slice(0, 32)}`

function startStripe(keys: LocalKeys, env: Record<string, string>, options: LocalStackOptions): Promise<StripeApi> {
  const webhookSecret = env['STRIPE_WEBHOOK_SECRET'] ?? keys.stripe
  const faultControl = options.faultControl ?? false
  return onPort(preferredPorts.stripe, (port) =>
    startLocalStripe({ port, key: stripeKey(keys), webhookSecret, faultControl }),
  )
}

/** On the preferred port or, when somebody has it or takes it at this very moment, on a free one. */
async function onPort<Part>(preferred: number, start: (port: number) => Promise<Part>): Promise<Part> {
  if (!(await isPortFree(preferred))) return start(0)
  try {
    return await start(preferred)
  } catch (error) {
    if (error instanceof BeeError && error.code === 'BEE_PORT_IN_USE') return start(0)
    throw error
  }
}

function keyVariables(keys: LocalKeys, config: Config): Record<string, string> {
  return {
    BEES_RECEIPT_KEY: config.BEES_RECEIPT_KEY ?? keys.receipt,
    BEES_SUBMITTER_KEY: config.BEES_SUBMITTER_KEY ?? keys.envelope,
    ...personVariables(keys, config),
    STRIPE_WEBHOOK_SECRET: config.STRIPE_WEBHOOK_SECRET?.join(',') ?? keys.stripe,
    SECURITY_EVENTS_SECRETS: config.SECURITY_EVENTS_SECRETS?.join(',') ?? `evt_${derived('events', keys)}`,
    SECURITY_PSEUDONYM_KEY: config.SECURITY_PSEUDONYM_KEY ?? derived('pseudonyms', keys),
  }
}

/** Alerts go to the mailbox, at once, unless somebody has said where they go. */
function mailboxVariables(url: string, config: Config): Record<string, string> {
  if (config.SECURITY_RECEIVERS !== undefined) return { BEES_MAILBOX_URL: url }
  const mailbox = { kind: 'slack', name: 'mailbox', url: `${url}/slack`, route: { group_wait_s: 0 } }
  return {
    BEES_MAILBOX_URL: url,
    SECURITY_RECEIVERS: JSON.stringify([mailbox]),
    SECURITY_ALLOW_PRIVATE_RECEIVERS: 'true',
  }
}

/**
 * Whoever sits before a local hive is a person of their own, with another key than the hive: what the Security Bee proposes
 * they may approve, and the hive may not.
 */
function personVariables({ secret }: LocalKeys, config: Config): Record<string, string> {
  if (config.BEES_TRUSTED_SUBMITTERS !== undefined || config.BEES_APPROVER_KEY !== undefined) return {}
  const seed = createHash('sha256').update(`approver ${secret}`).digest('hex')
  const { x } = new SigningKey(seed).trusted()
  return {
    BEES_APPROVER_KEY: seed,
    BEES_TRUSTED_SUBMITTERS: JSON.stringify([{ x }]),
    ...(config.SECURITY_APPROVERS !== undefined ? {} : { SECURITY_APPROVERS: JSON.stringify([{ name: 'you', x }]) }),
  }
}

function databaseVariables(gateway: RunningGateway, databaseUrl: string, keys: LocalKeys): Record<string, string> {
  return { SUPABASE_URL: gateway.url, SUPABASE_SECRET_KEY: keys.secret, DATABASE_URL: databaseUrl }
}

/** 64 hex digits that are this stack's own, and the same at every start. */
const derived = (purpose: string, { secret }: LocalKeys): string =>
  createHash('sha256').update(`${purpose} ${secret}`).digest('hex')

function brokerVariables(broker: BrokerProcess, config: Config, keys: LocalKeys): Record<string, string> {
  return {
    COLONIES_SERVER_HOST: '127.0.0.1',
    COLONIES_SERVER_PORT: String(broker.port),
    COLONIES_SERVER_TLS: 'false',
    COLONIES_TLS: 'false',
    COLONIES_COLONY_NAME: config.COLONIES_COLONY_NAME,
    COLONIES_SERVER_PRVKEY: keys.server,
    COLONIES_COLONY_PRVKEY: keys.colony,
    COLONIES_PRVKEY: keys.submitter,
  }
}
