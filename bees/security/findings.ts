/** What a rule or a detector found, and the words for how bad and how sure. Plain data, no code. */

export const severities = ['info', 'low', 'medium', 'high', 'critical'] as const
export type Severity = (typeof severities)[number]

export const confidences = ['low', 'medium', 'high'] as const
export type Confidence = (typeof confidences)[number]

export const entityKinds = [
  'user',
  'account',
  'session',
  'ip',
  'net',
  'api_key',
  'endpoint',
  'source',
  'stream',
  'device',
  'tenant',
] as const
export type EntityKind = (typeof entityKinds)[number]

/** Whom or what it is about. `id` is a pseudonym or an address as policy keeps it, never a name. */
export interface Entity {
  readonly kind: EntityKind
  readonly id: string
}

/** Rungs of the ladder, mildest first. The order is the order of escalation. */
export const responses = [
  'notify',
  'challenge',
  'throttle',
  'revoke_session',
  'revoke_sessions',
  'disable_key',
  'lock_user',
  'block_ip',
  'block_range',
] as const
export type Response = (typeof responses)[number]

export interface Finding {
  /** Dedup key: hash of tenant, rule, dedup values and suppression bucket; stable while one attack goes on. */
  readonly key: string
  readonly tenant: string
  readonly rule: string
  readonly ruleVersion: number
  /** Number in the table of detections, 1 to 30; 0 for a user's own rule. */
  readonly detection: number
  readonly title: string
  readonly severity: Severity
  readonly confidence: Confidence
  readonly entity: Entity
  /** Other things involved, for grouping, response and explanation (the attacked account, the address …). */
  readonly related: readonly Entity[]
  /** Event time of the event that completed it, and of the first one that counted. Milliseconds. */
  readonly timeMs: number
  readonly firstMs: number
  /** Events that counted. */
  readonly events: number
  /** Ids of some of them, at most 20. */
  readonly evidence: readonly string[]
  /** Figures that the explanation is made of: { failures: 26, accounts: 17 }. */
  readonly facts: Readonly<Record<string, string | number | boolean>>
  /** One or two sentences for a person. */
  readonly explanation: string
  /** ATT&CK ids: T1110.004. */
  readonly attack: readonly string[]
  /** What the rule thinks should be done; null for nothing but telling. */
  readonly response: Response | null
  /** Points that it adds to the entity's risk. */
  readonly risk: number
  /** True while the rule is in its first days or a probation tier: kept and shown, tells nobody. */
  readonly quiet: boolean
}
