/** Something that went wrong at one of the hive's doors and may be an attack. No content, no personal data. */
export interface Notice {
  readonly what: 'webhook_refused' | 'events_refused' | 'envelope_refused' | 'rate_limited'
  /** The route, or bee and task. */
  readonly where: string
  /** Our error code. */
  readonly code: string
  /** HTTP status of the answer. */
  readonly status?: number | undefined
  /** Whoever was connected: with a proxy in front, the proxy. */
  readonly peer?: string | undefined
}

/** Takes notice. Returns at once and never throws: what is observed must not notice the observer. */
export type Notify = (notice: Notice) => void
