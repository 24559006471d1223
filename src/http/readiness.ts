/** What the probes say besides the pulse. The main thread sends it to the front whenever it changes. */
export interface Readiness {
  /** Start-up is over: configuration read, bees loaded, executors registered. */
  readonly started: boolean
  readonly ready: boolean
  /** Why not ready, in words without secrets; empty when ready. */
  readonly reasons: readonly string[]
}

/** Main thread to front. */
export type FrontOrder =
  | { readonly kind: 'readiness'; readonly readiness: Readiness }
  | { readonly kind: 'close'; readonly graceMs: number }

/** Front to main thread. */
export type FrontReport =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'failed'; readonly errorCode: string }
  | { readonly kind: 'closed' }

/** What the front is started with. */
export interface FrontOptions {
  readonly host: string
  readonly port: number
  /** Loopback port of the main thread's own server. */
  readonly upstreamPort: number
  readonly livenessMs: number
  readonly heartbeat: SharedArrayBuffer
}
