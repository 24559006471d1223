import type { WebSocket } from 'ws'

import type { Caller, ServerContext } from '../context.ts'
import type { Message } from '../decode.ts'
import { sealRefusal, sealReply } from '../envelope.ts'
import type { Refusal } from '../refusal.ts'

/** The socket that a frame came from; replies use the same frame type. */
export interface SocketPeer {
  readonly socket: WebSocket
  readonly binary: boolean
}

/** Handles one subscription frame. A `Refusal` becomes an error frame, any other throw ends the socket. */
export type SocketHandler = (
  message: Message,
  caller: Caller,
  peer: SocketPeer,
  context: ServerContext,
) => Promise<void>

/** Sends one reply frame, or nothing when the socket is gone. */
export function sendFrame(
  { socket, binary }: SocketPeer,
  reply: { readonly payloadtype: string; readonly json: string },
  { faults }: ServerContext,
): void {
  if (faults.strike(['ws_drop'], reply.payloadtype) !== undefined) socket.terminate()
  socket.send(sealReply(reply.payloadtype, reply.json), { binary }, () => undefined)
}

export function sendErrorFrame({ socket, binary }: SocketPeer, refusal: Pick<Refusal, 'status' | 'message'>): void {
  socket.send(sealRefusal(refusal), { binary }, () => undefined)
}

/** Node's timers hold no longer delays; nobody subscribes for longer. */
const maxDelayMs = 2_000_000_000

/** Runs `action` after some seconds unless `signal` is aborted before. */
export function after(delayS: number, signal: AbortSignal, action: () => void): void {
  if (signal.aborted) return
  const cancel = () => clearTimeout(timer)
  const timer = setTimeout(
    () => {
      signal.removeEventListener('abort', cancel)
      action()
    },
    Math.min(Math.max(0, delayS * 1000), maxDelayMs),
  )
  signal.addEventListener('abort', cancel, { once: true })
}
