import type { Server } from 'node:http'

import { type WebSocket, WebSocketServer } from 'ws'

import type { ServerContext } from './context.ts'
import { type Envelope, type OpenEnvelope, parseEnvelope } from './envelope.ts'
import { type SocketPeer, sendErrorFrame } from './pubsub/socket-handler.ts'
import { Refusal } from './refusal.ts'
import { socketHandlers } from './subscriptions.ts'

/**
 * Serves WebSocket upgrades of `/pubsub`. A frame that is garbage or unsigned ends the socket with 1006.
 * @param open must open envelopes of every type: those that are not known are ignored here
 */
export function attachPubsub(server: Server, open: OpenEnvelope, context: ServerContext): { close(): Promise<void> } {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: context.settings.maxBodyBytes })
  server.on('upgrade', (request, socket, head) => {
    if (request.url?.split('?')[0] !== '/pubsub') {
      socket.on('error', () => undefined)
      socket.end(notFound, () => socket.destroy())
      return
    }
    sockets.handleUpgrade(request, socket, head, (accepted) => serve(accepted, open, context))
  })
  return {
    async close() {
      for (const socket of sockets.clients) socket.terminate()
      await new Promise((resolve) => sockets.close(resolve))
    },
  }
}

const notFound = 'HTTP/1.1 404 Not Found\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n404 page not found'

function serve(socket: WebSocket, open: OpenEnvelope, context: ServerContext): void {
  const gone = new AbortController()
  // Frames of one socket are handled one after the other; a channel subscription holds up those behind it.
  let turn = Promise.resolve()
  socket.on('message', (data, binary) => {
    turn = turn
      .then(() => handleFrame(String(data), { socket, binary }, { open, context, signal: gone.signal }))
      .catch((thrown: unknown) => {
        context.logger.debug({ err: thrown }, 'frame ends its socket')
        socket.terminate()
      })
  })
  socket.on('error', () => socket.terminate())
  socket.on('close', () => gone.abort())
}

interface Serving {
  readonly open: OpenEnvelope
  readonly context: ServerContext
  readonly signal: AbortSignal
}

async function handleFrame(frame: string, peer: SocketPeer, { open, context, signal }: Serving): Promise<void> {
  if (signal.aborted) return
  const envelope = parseEnvelope(frame)
  const entry = socketHandlers.get(envelope.payloadtype)
  const opened = openOrRefuse(envelope, open)
  if (entry === undefined) return
  if (opened instanceof Refusal) return sendErrorFrame(peer, { status: entry.malformedStatus, message: opened.message })
  try {
    await entry.handle(opened.message, { id: opened.callerId, signal }, peer, context)
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown
    sendErrorFrame(peer, thrown)
  }
}

/** A message that cannot be read is refused with a frame; a bad signature throws and so ends the socket. */
function openOrRefuse(envelope: Envelope, open: OpenEnvelope): ReturnType<OpenEnvelope> | Refusal {
  try {
    return open(envelope)
  } catch (thrown) {
    if (thrown instanceof Refusal && thrown.status === 400) return thrown
    throw thrown
  }
}
