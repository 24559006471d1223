import { z } from '../../../../src/bee/index.ts'
import { severities } from '../../findings.ts'

/** The shape of SECURITY_RECEIVERS. Messages of these checks never repeat what was given: it may be a secret. */
const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'expected lower-case letters, digits, dot, underscore, hyphen')
const isHttp = (text: string) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
const url = z
  .string('expected a URL')
  .max(2048, 'expected at most 2048 characters')
  .refine((text) => isHttp(text), 'expected an http(s) URL')
  .refine((text) => !isHttp(text) || hasNoLogin(new URL(text)), 'expected a URL without user and password')
  .transform((text) => new URL(text))
const hasNoLogin = ({ username, password }: URL) => username === '' && password === ''
const timeoutMs = z.int('expected whole milliseconds').min(100).max(15_000).default(5000)
/** `whsec_` and base64 of 24 to 64 bytes, as Standard Webhooks wants it. */
const signingSecret = z.string('expected a text').refine((text) => {
  const base64 = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text)?.[1] ?? ''
  const { length } = Buffer.from(base64, 'base64')
  return base64.length % 4 === 0 && length >= 24 && length <= 64
}, 'expected whsec_ and base64 of 24 to 64 bytes')
const address = z.email('expected an e-mail address').max(254)
const seconds = (least: number, most: number) => z.int('expected whole seconds').min(least).max(most)

/** When messages are grouped, how they are spaced, and what they are about; seconds. */
export const routeFields = (by: {
  readonly group_by: 'entity' | 'all'
  readonly wait: number
  readonly interval: number
  readonly repeat: number
}) => ({
  min_severity: z.enum(severities).default('medium'),
  rules: z.array(z.string().min(1).max(100)).min(1).max(200).nullable().default(null),
  group_by: z.enum(['entity', 'rule', 'all']).default(by.group_by),
  group_wait_s: seconds(0, 86_400).default(by.wait),
  group_interval_s: seconds(0, 604_800).default(by.interval),
  repeat_interval_s: seconds(60, 2_678_400).default(by.repeat),
})

const routeOf = (by: Parameters<typeof routeFields>[0]) =>
  z.union([z.literal(false), z.strictObject(routeFields(by))]).prefault({})

/** A person is called at once and reminded; mail is read twice a day. */
const prompt = routeOf({ group_by: 'entity', wait: 30, interval: 300, repeat: 14_400 })
const digest = routeOf({ group_by: 'all', wait: 900, interval: 3600, repeat: 86_400 })

const webhook = z.strictObject({
  kind: z.literal('webhook'),
  name,
  url,
  /** The first signs too, all of them do: a receiver may know any one (rotation). */
  secrets: z.array(signingSecret).min(1, 'expected at least one').max(5),
  timeout_ms: timeoutMs,
  route: prompt,
})

const slack = z
  .strictObject({
    kind: z.literal('slack'),
    name,
    /** An incoming webhook … */
    url: url.optional(),
    /** … or a bot's token and a channel, which lets one message be changed instead of adding to it. */
    token: z
      .string()
      .regex(/^xox[a-z]-[\w-]{10,250}$/, 'expected a token that begins with xoxb-')
      .optional(),
    channel: z
      .string()
      .regex(/^[CGD][A-Z0-9]{5,20}$/, 'expected the id of a channel (C…), not its name')
      .optional(),
    api_url: url.prefault('https://slack.com/api/'),
    timeout_ms: timeoutMs,
    route: prompt,
  })
  .refine(
    ({ url, token, channel }) => (url === undefined) === (token !== undefined && channel !== undefined),
    'expected either url, or token and channel',
  )
  .refine(
    ({ token, channel }) => (token === undefined) === (channel === undefined),
    'expected token and channel together',
  )

const pagerduty = z.strictObject({
  kind: z.literal('pagerduty'),
  name,
  routing_key: z.string('expected a text').regex(/^[A-Za-z0-9]{32}$/, 'expected an integration key of 32 characters'),
  /** The European region has another one. */
  api_url: url.prefault('https://events.pagerduty.com/v2/enqueue'),
  timeout_ms: timeoutMs,
  route: prompt,
})

const email = z.strictObject({
  kind: z.literal('email'),
  name,
  host: z.string('expected a host').regex(/^[A-Za-z0-9.:-]{1,253}$/, 'expected a host name or address'),
  port: z.int('expected a port').min(1).max(65_535).default(587),
  /** implicit: TLS from the first byte (465). starttls: nothing is said before it. none: on the own machine only. */
  tls: z.enum(['implicit', 'starttls', 'none']).optional(),
  user: z.string().min(1).max(254).optional(),
  password: z.string().min(1).max(500).optional(),
  /** Certificate authorities to trust instead of the system's, PEM. */
  ca: z.string().startsWith('-----BEGIN CERTIFICATE-----', 'expected PEM').optional(),
  from: address,
  to: z.array(address).min(1, 'expected at least one').max(20),
  timeout_ms: timeoutMs.prefault(10_000),
  route: digest,
})

export const receiver = z.discriminatedUnion('kind', [webhook, slack, pagerduty, email], {
  error: 'expected webhook, slack, pagerduty or email',
})

export type Receiver = Readonly<z.output<typeof receiver>>
export type WebhookReceiver = Readonly<z.output<typeof webhook>>
export type SlackReceiver = Readonly<z.output<typeof slack>>
export type PagerDutyReceiver = Readonly<z.output<typeof pagerduty>>
export type EmailReceiver = Readonly<z.output<typeof email>>
