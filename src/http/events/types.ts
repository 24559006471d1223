import type { Json } from '../../canonical.ts'
import type { Clock } from '../../resilience/index.ts'
import type { Log, Metrics, Notify } from '../../telemetry/index.ts'

/** What became of some items, as the task that takes them says. Indexes count within them. */
export interface RecordedItems {
  readonly accepted: number
  readonly duplicates: number
  readonly ignored: number
  readonly refused: number
  readonly refusals: readonly { readonly index: number; readonly reason: string; readonly field?: string | undefined }[]
}

/** What a secret may say. The task that takes the items keeps to it. */
export interface Mandate {
  /** Lines of a log drain. */
  readonly drain: boolean
  /** Sources of its own items, the first unless said; undefined: any that is nobody else's. */
  readonly sources?: readonly string[] | undefined
  /** Sources that are another secret's. */
  readonly others?: readonly string[] | undefined
}

export interface RecordOptions {
  readonly mandate: Mandate
  readonly signal: AbortSignal
  /** On the monotonic clock, milliseconds: no try may go on after it. */
  readonly deadlineMs: number
}

/** Keeps items. Resolves only when the database has committed; the same items again count once. */
export type RecordItems = (tenant: string, items: readonly Json[], options: RecordOptions) => Promise<RecordedItems>

/** A sender's secret, whose events it may send, and which. */
export interface EventsSecret {
  readonly tenant: string
  readonly secret: string
  readonly mandate: Mandate
}

export interface EventsIngressOptions {
  readonly record: RecordItems
  /** Called after events were kept; returns at once. */
  readonly onRecorded?: ((tenant: string) => void) | undefined
  /** At least one; several for several tenants, and while one is rolled. */
  readonly secrets: readonly EventsSecret[]
  /** Largest body as it is sent, bytes. @default 1_048_576 */
  readonly maxBytes?: number | undefined
  /** Largest body once unpacked, bytes. @default 8_388_608 */
  readonly maxInflatedBytes?: number | undefined
  /** Most items in one body. @default 5000 */
  readonly maxItems?: number | undefined
  /** Requests a second that one secret may make, four times as many at once. @default 50 */
  readonly perSecond?: number | undefined
  /** Requests with a wrong secret that one address may make in a minute. @default 30 */
  readonly wrongPerMinute?: number | undefined
  /** Bodies that are worked on at once; four times as many wait. @default 8 */
  readonly atOnce?: number | undefined
  /** The whole request, milliseconds; the body has half of it. @default 10_000 */
  readonly totalMs?: number | undefined
  /** @default the system's clock */
  readonly clock?: Clock | undefined
  readonly log?: Pick<Log, 'info' | 'warn' | 'error'> | undefined
  readonly metrics?: Pick<Metrics, 'events'> | undefined
  readonly notify?: Notify | undefined
}
