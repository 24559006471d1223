import { z } from '../../../src/bee/index.ts'

/**
 * One security event, as rules see it and as `security.events` keeps it: OCSF names and ids where OCSF has them (schema
 * version 1.6), flat, narrow; everything else is JSON in `data`. Nothing here is a name, an e-mail address, a phone or a card
 * number: what identifies a person has been hashed on the way in (see pseudonym.ts).
 *
 * `type_uid` of OCSF is `class_uid * 100 + activity_id`. An absent field is unknown, never null and never an empty text.
 */
const word = z.string().min(1).max(64)
const text = z.string().min(1).max(256)
const count = z.number().finite().min(0).max(1e15)

/** OCSF classes that we use. */
export const classes = {
  accountChange: 3001,
  authentication: 3002,
  authorizeSession: 3003,
  http: 4002,
  api: 6003,
  datastore: 6005,
  application: 6002,
} as const

/** What happened, in one word: the vocabulary that rules match on. A source's own word that is none of these is `other`. */
export const actions = [
  // Authentication (3002). status_id says whether it worked.
  'login',
  'logout',
  'mfa_verification',
  'token_refresh',
  'token_check',
  'session_seen',
  // Account change (3001).
  'signup',
  'recovery_request',
  'otp_send',
  'password_change',
  'email_change',
  'factor_add',
  'factor_remove',
  'identity_link',
  'identity_unlink',
  'user_delete',
  'user_lookup',
  // Authorize session (3003) and administration (6003).
  'role_grant',
  'admin_call',
  'api_key_create',
  'api_key_use',
  'config_change',
  // HTTP (4002) and data (6005).
  'http_request',
  'data_read',
  'data_write',
  'data_delete',
  'data_export',
  'access_denied',
  // Money and machines (6003, 6002).
  'payment_attempt',
  'webhook_delivery',
  'envelope_refused',
  'heartbeat',
  'metric',
  'other',
] as const
export type Action = (typeof actions)[number]

/** 0 unknown, 1 success, 2 failure (OCSF). */
export const status = { unknown: 0, success: 1, failure: 2 } as const

export const networkTypes = ['residential', 'mobile', 'business', 'hosting', 'vpn', 'relay', 'satellite'] as const

export const securityEvent = z.strictObject({
  /** Unique in its tenant; the source's own id where it has one. */
  id: z.string().min(1).max(128),
  tenant: word.regex(/^[a-z0-9][a-z0-9._-]*$/),
  /** When it happened, milliseconds since 1970. */
  time: z.int().min(0),
  /** What told us: `supabase_auth`, `supabase_edge`, `auth_hook`, `hive`, … */
  source: word,
  class_uid: z.int().min(0).max(99_999_999),
  activity_id: z.int().min(0).max(99),
  action: z.enum(actions),
  status_id: z.int().min(0).max(99),
  /** 0 unknown, 1 informational … 6 fatal (OCSF). */
  severity_id: z.int().min(0).max(6).optional(),
  /** HTTP status. */
  status_code: z.int().min(0).max(999).optional(),
  /** The source's code: invalid_credentials, refresh_token_already_used, bad_jwt, 42501, bad_signature, replayed_id … */
  error_code: word.optional(),

  /** Whom it concerns: auth user id. */
  user_uid: word.optional(),
  /** Who did it, when that is somebody else or worth telling apart (administration, grants). */
  actor_uid: word.optional(),
  /** Keyed hash of what was typed in as user: e-mail or phone. The only thing known of an unknown user. */
  identifier: word.optional(),
  /** user_uid, or else identifier. Derived: see `derive`. */
  account: word.optional(),
  /** Whether whom it concerns is an administrator. */
  is_admin: z.boolean().optional(),
  session_uid: word.optional(),
  aal: z.enum(['aal1', 'aal2', 'aal3']).optional(),
  /** password, otp, magiclink, oauth, sso, passkey, anonymous … */
  auth_method: word.optional(),
  api_key_id: word.optional(),
  api_key_type: z.enum(['publishable', 'secret', 'user']).optional(),

  /** Textual IPv4 or IPv6 address, canonical, IPv4-mapped ones as IPv4; with the policy `truncate` the network's base. */
  src_ip: z.string().min(2).max(45).optional(),
  /** The /24 (IPv4) or /48 (IPv6) around it. Derived. */
  src_net: z.string().min(2).max(49).optional(),
  asn: z.int().min(0).max(4_294_967_295).optional(),
  network_type: z.enum(networkTypes).optional(),
  /** ISO 3166-1 alpha-2. */
  country: z.string().length(2).optional(),
  lat: z.number().min(-90).max(90).optional(),
  long: z.number().min(-180).max(180).optional(),
  /** Chrome, Firefox, Safari, curl, okhttp … without version. */
  ua_family: word.optional(),
  ua_kind: z.enum(['browser', 'app', 'script', 'bot']).optional(),
  /** Hash of what tells one device from another. */
  device: word.optional(),
  ja3: word.optional(),
  has_referer: z.boolean().optional(),

  http_method: word.optional(),
  /** Path with ids replaced: /rest/v1/orders/:id */
  path: text.optional(),
  /** Table, bucket, function, endpoint, setting: what was touched. */
  resource: text.optional(),
  /** Hash or text of the id that was asked for. */
  object_id: word.optional(),
  /** The same where it is a whole number. */
  object_number: z.number().finite().optional(),
  rows: count.optional(),
  bytes: count.optional(),
  /** A planted row or key that nobody has a reason to touch. */
  canary: z.boolean().optional(),

  /** Minor units. */
  amount: count.optional(),
  currency: z.string().length(3).optional(),
  /** Hash of the card's fingerprint. */
  card: word.optional(),
  /** Lower case, of a sign-up's address. */
  email_domain: z.string().min(1).max(253).optional(),
  disposable: z.boolean().optional(),
  /** Country and first digits of a phone number, e.g. +4479. */
  phone_prefix: word.optional(),

  /** Role, claim or membership that was granted. */
  role: word.optional(),
  /** Signature algorithm and key id that a token named. */
  alg: word.optional(),
  kid: word.optional(),

  /** Name and value of a metric's point (`action: metric`). */
  metric: text.optional(),
  value: z.number().finite().optional(),
  /** Seconds between its time and its arrival, where the source is known to be late. */
  lag_s: count.optional(),
  /** It hit one of our own blocks. Such an event never counts towards a rule: a block must not feed itself. */
  blocked: z.boolean().optional(),
  /** The rest; small, without personal data. */
  data: z.record(z.string(), z.json()).optional(),
})

export type SecurityEvent = Readonly<z.output<typeof securityEvent>>
/** A field that a rule may name. */
export type EventField = Exclude<keyof SecurityEvent, 'data'>
export const eventFields: readonly EventField[] = Object.keys(securityEvent.shape).filter(
  (name): name is EventField => name !== 'data',
)
