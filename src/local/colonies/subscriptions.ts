import type { WebSocket } from 'ws'

import type { Caller, ServerContext } from './context.ts'
import type { Message } from './decode.ts'

/** The socket that a frame came from; replies use the same frame type. */
export interface SocketPeer {
  readonly socket: WebSocket
  readonly binary: boolean
}

/** Handles one subscription frame. A throw ends the socket. */
export type SocketHandler = (
  message: Message,
  caller: Caller,
  peer: SocketPeer,
  context: ServerContext,
) => Promise<void>

/** Frames that are understood, by payload type; others are ignored. */
export const socketHandlers: Readonly<Record<string, SocketHandler>> = {}
