import { z } from 'zod'
import { BeeError } from './errors.ts'

/**
 * Every environment variable, in one schema. The text of each `.describe` is what docs/configuration.md shows; a test
 * keeps both in step. An empty variable counts as absent.
 */
const hexKey = z.string().regex(/^[0-9a-fA-F]{64}$/, 'expected 64 hex digits (32 bytes)')
const port = z.coerce.number('expected a port number').int().min(0).max(65_535)
const flag = z.enum(['true', 'false'], 'expected true or false').transform((text) => text === 'true')
const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
)
const name = z.string().regex(/^[A-Za-z0-9._-]{1,128}$/, 'expected letters, digits, dot, underscore or hyphen')
const url = z
  .url({ protocol: /^https?$/, error: 'expected an http(s) URL' })
  .transform((text) => text.replace(/\/+$/, ''))
const stripeKeys = /^\s*(sk|rk)_(live|test)_\w+\s*(,\s*(sk|rk)_(live|test)_\w+\s*)?$/
const seconds = z.coerce.number('expected a number of seconds').positive()
const bytes = z.coerce.number('expected a number of bytes').int().positive()

/** What hooks, the puller, the drain's lines and the hive itself are called: no secret may take such a name. */
const ownSource = /^(supabase_.*|auth_hook|hive)$/

/** What is wrong with SECURITY_EVENTS_SECRETS: the place of each entry, never a secret. */
function eventsSecretsProblems(entries: readonly string[]): readonly string[] {
  const meanings = new Map<string, string>()
  return entries.flatMap((entry, index) => {
    const at = `entry ${index + 1}: `
    const parts = entry.split(':')
    const secret = parts.at(-1) ?? ''
    const [tenant = '', sources] = parts.slice(0, -1)
    const names = sources === undefined ? [] : sources.split('+')
    const meaning = `${tenant}:${[...names].sort().join('+')}`
    const before = meanings.get(secret) ?? meaning
    meanings.set(secret, meaning)
    if (parts.length > 3) return `${at}expected secret, tenant:secret or tenant:sources:secret`
    if (!/^\S{16,}$/.test(secret)) return `${at}expected a secret of at least 16 characters, without spaces and colons`
    if (tenant === '' && parts.length === 2) return `${at}expected a tenant before the colon`
    if (tenant !== '' && !/^[a-z0-9][a-z0-9._-]{0,63}$/.test(tenant))
      return `${at}expected a tenant in lower-case letters, digits, dot, underscore or hyphen`
    if (names.length > 8 || names.some((name) => !/^[a-z0-9][a-z0-9._-]{0,31}$/.test(name))) {
      return `${at}expected at most 8 sources joined by +, each of up to 32 lower-case letters, digits, dot, underscore or hyphen (drain: the log drain)`
    }
    if (names.some((name) => ownSource.test(name)))
      return `${at}supabase_…, auth_hook and hive cannot be named: write drain for the log drain`
    return before === meaning ? [] : `${at}the same secret stands there twice with different tenants or sources`
  })
}

const shape = {
  COLONIES_SERVER_HOST: z
    .string()
    .optional()
    .describe('Host of the Colonies server. Absent: the local one is started.'),
  COLONIES_SERVER_PORT: port.optional().describe('Port of the Colonies server. Default 443 with TLS, else 50080.'),
  COLONIES_SERVER_TLS: flag
    .default(false)
    .describe(
      'Whether to speak TLS to it. Use true wherever it is not on this machine: its messages can be replayed by whoever sees them.',
    ),
  COLONIES_COLONY_NAME: name.default('dev').describe('Name of the colony.'),
  COLONIES_COLONY_PRVKEY: hexKey
    .optional()
    .describe(
      'Key of the colony owner. Given: bees register, approve and unregister themselves. Absent: their executors are expected to exist.',
    ),
  COLONIES_EXECUTOR_NAME: name
    .optional()
    .describe('Base name of the executors. Default: the host name and a random part.'),
  COLONIES_EXECUTOR_PRVKEY: hexKey
    .optional()
    .describe('Secret from which fixed executor keys are derived, one a bee. Absent: fresh keys at each start.'),
  COLONIES_PRVKEY: hexKey
    .optional()
    .describe('Key of a user or executor of the colony that submits tasks (webhook, bees submit).'),
  SUPABASE_URL: url
    .optional()
    .describe('URL of the Supabase project. Absent: a local Postgres with an RPC gateway is started.'),
  SUPABASE_SECRET_KEY: z
    .string()
    .min(1)
    .optional()
    .describe('Secret key (service_role, or a key of the role bee). Needed with SUPABASE_URL.'),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'expected postgres://…')
    .optional()
    .describe(
      'Postgres connection for `bees migrate`; where SUPABASE_URL is absent also the database of the local stack, instead of the embedded Postgres.',
    ),
  STRIPE_WEBHOOK_SECRET: list
    .optional()
    .describe(
      'Signing secrets of the Stripe endpoint, separated by commas (rotation). Absent: the webhook route answers 404, except in the local stack, which makes one.',
    ),
  STRIPE_LIVEMODE: z
    .enum(['true', 'false', 'any'], 'expected true, false or any')
    .default('any')
    .describe('Which events are accepted: live (true), test (false) or both (any).'),
  STRIPE_SECRET_KEY: z
    .string()
    .regex(stripeKeys, 'expected sk_live_…, sk_test_…, rk_live_… or rk_test_…, at most one of each mode')
    .optional()
    .describe(
      'Key with which the Finance Bee reads objects from Stripe; a restricted key (rk_…) with read rights is enough. One of each mode may be given, separated by a comma. Absent: events whose order cannot be known wait, and nothing is reconciled.',
    ),
  STRIPE_API_URL: url
    .optional()
    .describe(
      "Where Stripe's API is. Default https://api.stripe.com; a local hive without any setting for Stripe has one of its own.",
    ),
  STRIPE_ACCOUNTS: list
    .refine(
      (accounts) =>
        accounts.join() === 'any' ||
        (accounts.length > 0 && accounts.every((account) => account === 'own' || /^acct_\w+$/.test(account))),
      'expected own, any, or a list of own and acct_…',
    )
    .default(['own'])
    .describe(
      'Whose events are accepted: own, any, or connected accounts (acct_…) separated by commas, with own among them if it counts too.',
    ),
  SECURITY_EVENTS_SECRETS: list
    .superRefine((entries, { addIssue }) => {
      for (const message of eventsSecretsProblems(entries)) addIssue({ code: 'custom', message })
    })
    .optional()
    .describe(
      'Secrets of those who send to POST /events, separated by commas (several senders, rotation): `secret` for SECURITY_TENANT, `tenant:secret` for another, `tenant:sources:secret` for nothing but what it names, such as `:drain:secret` for the log drain or `:shop+billing:secret`. Absent: the route answers 404, except in the local stack, which makes one.',
    ),
  SECURITY_EVENTS_MAX_BYTES: bytes
    .default(1_048_576)
    .describe('Largest body of POST /events as it is sent; unpacked it may have eight times as much.'),
  SECURITY_EVENTS_PER_SECOND: z.coerce
    .number('expected a number')
    .positive()
    .default(50)
    .describe('Requests to POST /events that one secret may make in a second; four times as many at once.'),
  SECURITY_TENANT: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'expected lower-case letters, digits, dot, underscore or hyphen')
    .default('default')
    .describe('Tenant of the events of this Supabase project itself: auth hooks, audit log, sessions, the hive.'),
  SECURITY_PSEUDONYM_KEY: hexKey
    .optional()
    .describe(
      'Key of the hashes that stand for e-mail addresses, phone numbers and the like in security events. Without it none is taken in; another one makes everybody a stranger. The local stack makes one.',
    ),
  SECURITY_IP_POLICY: z
    .enum(['keep', 'truncate', 'hash'], 'expected keep, truncate or hash')
    .default('keep')
    .describe(
      'How addresses in security events are kept: whole (needed to block them), as their /24 or /48, or as a stand-in that only tells same from different.',
    ),
  SECURITY_RETENTION_DAYS: z.coerce
    .number('expected a number of days')
    .int()
    .min(1)
    .max(400)
    .default(30)
    .describe('How long security events are kept. Older ones are refused when they come.'),
  SECURITY_APPROVERS: z
    .string()
    .optional()
    .describe(
      'Who may decide about responses of the Security Bee: a JSON array of {"name", "x", "user"?} with the public key of each person and, where they have an account, its id. Absent: nobody, so that nothing is done that needs a person.',
    ),
  SECURITY_RECEIVERS: z
    .string()
    .optional()
    .describe(
      'Who is told of incidents, with addresses and keys: a JSON array of webhook, slack, pagerduty and email receivers; docs/alerts.md shows each. Absent: incidents are kept and nobody is told.',
    ),
  SECURITY_ALLOW_PRIVATE_RECEIVERS: flag
    .default(false)
    .describe(
      'Whether receivers of alerts may be on this machine or in the own network, and without TLS. Link-local addresses, where clouds keep credentials, are refused all the same.',
    ),
  SECURITY_RULES_DIR: z
    .string()
    .optional()
    .describe('Folder with rules of your own for the Security Bee (*.yml), beside those that it brings.'),
  BEES_HOST: z
    .string()
    .default('127.0.0.1')
    .describe('Address that the HTTP server listens on. In a container: 0.0.0.0.'),
  BEES_PORT: port.default(8787).describe('Port of the HTTP server; 0 takes a free one.'),
  BEES_URL: url.optional().describe('Where the running hive is reached; used by `bees demo` and `bees doctor`.'),
  BEES_DIR: z.string().default('bees').describe('Folder with one folder a bee.'),
  BEES_ONLY: list.optional().describe('Names of the bees to run, separated by commas. Absent: all.'),
  BEES_DATA_DIR: z.string().default('.bees').describe('Folder of the local stack: database, keys, objects.'),
  BEES_RECEIPT_KEY: hexKey
    .optional()
    .describe('Ed25519 seed that signs receipts. Needed unless the whole stack is local.'),
  BEES_SUBMITTER_KEY: hexKey.optional().describe('Ed25519 seed that signs task envelopes (webhook, bees submit).'),
  BEES_APPROVER_KEY: hexKey
    .optional()
    .describe(
      'Ed25519 seed of a person, with which `bees security` approves, reverts and silences; its public key must be in BEES_TRUSTED_SUBMITTERS and, for approvals, in SECURITY_APPROVERS. Never on the machine of a hive that is not local.',
    ),
  BEES_MAILBOX_URL: url
    .optional()
    .describe('Where the alerts of a local hive arrive; the local stack sets it, `bees demo security` reads it.'),
  BEES_TRUSTED_SUBMITTERS: z
    .string()
    .optional()
    .describe(
      'JSON array of public keys whose envelopes are accepted: [{"x":"…","notBefore":…,"notAfter":…}]. The own submitter key is always trusted.',
    ),
  BEES_SLOTS: z.coerce
    .number('expected a number')
    .int()
    .min(1)
    .max(256)
    .optional()
    .describe('Slots of each bee. Default: what the bee declares (4).'),
  BEES_POLL_SECONDS: seconds.max(60).default(10).describe('Length of a long poll at the broker.'),
  BEES_SCHEDULES: flag
    .default(true)
    .describe(
      'Whether this hive looks after the crons of tasks that run by themselves. It needs BEES_SUBMITTER_KEY and COLONIES_PRVKEY for that.',
    ),
  BEES_DRAIN_SECONDS: seconds
    .default(25)
    .describe('Time for running tasks to finish after SIGTERM; unfinished ones are given back.'),
  BEES_LIVENESS_SECONDS: seconds
    .default(5)
    .describe('How long the main loop may be blocked before /livez answers 503.'),
  BEES_WEBHOOK_MAX_BYTES: bytes.default(1_048_576).describe('Largest webhook body.'),
  BEES_LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .optional()
    .describe('How much is logged. Default info; warn when a part of the stack is local.'),
} as const

const schema = z.object(shape)

export type Config = Readonly<z.output<typeof schema>>

export type ConfigName = keyof typeof shape

/** The variables with their descriptions, in order, for `bees doctor` and the documentation test. */
export const configVariables: readonly { readonly name: ConfigName; readonly description: string }[] = (
  Object.keys(shape) as ConfigName[]
).map((variable) => ({ name: variable, description: shape[variable].description ?? '' }))

/**
 * The configuration of this run. All mistakes are told at once, each with its variable and what was expected; what was
 * received is not repeated, since it may be a secret.
 *
 * @throws BeeError BEE_CONFIG_INVALID
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([key, value]) => key in shape && value !== ''))
  const parsed = schema.safeParse(given)
  const mistakes = parsed.success
    ? contradictions(parsed.data)
    : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
  if (!parsed.success || mistakes.length > 0) {
    throw new BeeError('BEE_CONFIG_INVALID', `The configuration is not usable.\n  ${mistakes.join('\n  ')}`)
  }
  return Object.freeze(parsed.data)
}

/** What no single variable can tell. */
function contradictions(config: Config): readonly string[] {
  const mistakes: string[] = []
  const need = (when: ConfigName, what: ConfigName) => {
    if (config[when] !== undefined && config[what] === undefined) mistakes.push(`${what}: needed with ${when}`)
  }
  need('SUPABASE_URL', 'SUPABASE_SECRET_KEY')
  if (config.COLONIES_SERVER_HOST !== undefined && config.SUPABASE_URL !== undefined) {
    need('SUPABASE_URL', 'BEES_RECEIPT_KEY')
  }
  if (config.COLONIES_SERVER_HOST !== undefined && config.STRIPE_WEBHOOK_SECRET !== undefined) {
    need('STRIPE_WEBHOOK_SECRET', 'COLONIES_PRVKEY')
    need('STRIPE_WEBHOOK_SECRET', 'BEES_SUBMITTER_KEY')
  }
  return mistakes
}
