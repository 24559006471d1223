import type { Server } from 'node:http'

import { type WebSocket, WebSocketServer } from 'ws'

import type { ServerContext } from './context.ts'
import { type OpenEnvelope, parseEnvelope } from './envelope.ts'
import { socketHandlers } from './subscriptions.ts'

/** Serves WebSocket upgrades of `/pubsub`. A frame that is garbage or unsigned ends the socket with 1006. */
export function attachPubsub(server: Server, open: OpenEnvelope, context: ServerContext): { close(): Promise<void> } {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: context.settings.maxBodyBytes })
  server.on('upgrade', (request, socket, head) => {
    if (request.url?.split('?')[0] !== '/pubsub') {
      socket.end('HTTP/1.1 404 Not Found\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n404 page not found')
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

function serve(socket: WebSocket, open: OpenEnvelope, context: ServerContext): void {
  const gone = new AbortController()
  // Frames of one socket are handled one after the other; a channel subscription holds up those behind it.
  let turn = Promise.resolve()
  const handle = async (frame: string, binary: boolean) => {
    const envelope = parseEnvelope(frame)
    const subscribe = socketHandlers[envelope.payloadtype]
    const { callerId, message } = open(envelope)
    await subscribe?.(message, { id: callerId, signal: gone.signal }, { socket, binary }, context)
  }
  socket.on('message', (data, binary) => {
    turn = turn
      .then(() => handle(String(data), binary))
      .catch((thrown: unknown) => {
        context.logger.debug({ err: thrown }, 'frame refused')
        socket.terminate()
      })
  })
  socket.on('error', () => socket.terminate())
  socket.on('close', () => gone.abort())
}
