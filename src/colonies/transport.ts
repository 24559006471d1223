/** How an envelope travels. Two implementations: http-transport.ts for servers, fetch-transport.ts for edge runtimes. */

import type { RawReply } from './envelope.ts'

export interface TransportRequest {
  readonly body: string
  /** Aborted at the deadline or by the caller; the transport must drop the connection, in the body as well. */
  readonly signal: AbortSignal
}

/** Sends one body and returns the whole reply. Rejects when no whole reply came. */
export type Transport = (request: TransportRequest) => Promise<RawReply>

/** 64 MiB: far above any process that works well with a Colonies server. */
export const DEFAULT_MAX_RESPONSE_BYTES = 64 * 1024 * 1024

export class TransportError extends Error {
  override readonly name = 'TransportError'
  readonly reason: 'too_large' | 'cut'

  constructor(reason: 'too_large' | 'cut', message: string) {
    super(message)
    this.reason = reason
  }
}

export const tooLarge = (limitBytes: number): TransportError =>
  new TransportError('too_large', `the reply is larger than ${limitBytes} bytes`)
