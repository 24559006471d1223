import { Buffer } from 'node:buffer'
import { WebSocket } from 'ws'
import { openReply } from './envelope.ts'
import { ColoniesError } from './errors.ts'
import { type KnownMessage, parseReply, type ReplyOf } from './messages/replies.ts'
import { DEFAULT_MAX_RESPONSE_BYTES } from './transport.ts'

export interface SubscriptionClose {
  /** WebSocket close code. 1006: cut without a word, which is how a Colonies server ends a subscription. */
  readonly code: number
  /** Who ended it. */
  readonly by: 'server' | 'client'
}

export interface Subscription {
  /** Ends the subscription; `onClose` follows. */
  close(): void
  /** Fulfilled when the socket is closed, whoever closed it. */
  readonly closed: Promise<SubscriptionClose>
}

interface SubscriptionRequest<Type extends KnownMessage> {
  readonly url: URL
  readonly ca: string | undefined
  readonly msgtype: Type
  /** The signed request, sent as the first frame. */
  readonly body: string
  readonly onReply: (reply: ReplyOf<Type>) => void
  readonly onError: (error: Error) => void
  readonly onClose: (event: SubscriptionClose) => void
  readonly signal?: AbortSignal | undefined
  /**
   * Time to connect, milliseconds.
   * @default 10_000
   */
  readonly deadlineMs?: number | undefined
}

/** Opens a socket, sends the request and hands on every frame that comes. */
export const openSubscription = <Type extends KnownMessage>(request: SubscriptionRequest<Type>): Subscription => {
  const { msgtype, signal } = request
  const socket = new WebSocket(request.url, {
    handshakeTimeout: request.deadlineMs ?? 10_000,
    maxPayload: DEFAULT_MAX_RESPONSE_BYTES,
    perMessageDeflate: false,
    ...(request.ca === undefined ? {} : { ca: request.ca }),
  })
  const closed = Promise.withResolvers<SubscriptionClose>()
  let by: SubscriptionClose['by'] = 'server'
  const close = (): void => {
    by = 'client'
    socket.close()
  }
  socket.on('open', () => socket.send(request.body))
  socket.on('message', (data) => {
    let reply: ReplyOf<Type>
    try {
      const body = Buffer.isBuffer(data) ? data.toString('utf8') : ''
      reply = parseReply(msgtype, openReply(msgtype, { status: 200, body }))
    } catch (error) {
      request.onError(error instanceof Error ? error : new Error('unexpected failure', { cause: error }))
      return
    }
    request.onReply(reply)
  })
  socket.on('error', (cause) => {
    // Closing before the connection stands is reported as an error too; the caller asked for it.
    if (by === 'client') return
    request.onError(new ColoniesError('unavailable', { msgtype, detail: 'WebSocket', outcome: 'unknown', cause }))
  })
  socket.on('close', (code) => {
    signal?.removeEventListener('abort', close)
    const event: SubscriptionClose = { code, by }
    closed.resolve(event)
    request.onClose(event)
  })
  if (signal?.aborted === true) close()
  else signal?.addEventListener('abort', close, { once: true })
  return { close, closed: closed.promise }
}
