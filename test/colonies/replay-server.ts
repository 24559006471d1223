import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'

export interface Answer {
  readonly status: number
  readonly body: string
}

type Handler = (body: string, response: ServerResponse, request: IncomingMessage) => void | Promise<void>

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

export const sendAnswer = (response: ServerResponse, { status, body }: Answer): void => {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' })
  response.end(body)
}

/** A success envelope. `text` is the JSON text of the payload. */
export const envelope = (payloadtype: string, text: string): string =>
  JSON.stringify({ payloadtype, payload: Buffer.from(text).toString('base64'), error: false })

export const errorEnvelope = (status: number, message = 'no'): string =>
  JSON.stringify({
    payloadtype: 'error',
    payload: Buffer.from(JSON.stringify({ status, message })).toString('base64'),
    error: true,
  })

/** What a test saw and can steer: a real HTTP and WebSocket listener on a free port. */
export class ReplayServer {
  readonly #http = createServer((request, response) => {
    void this.#serve(request, response)
  })
  readonly #sockets = new WebSocketServer({ server: this.#http, path: '/pubsub' })
  readonly #open = new Set<Socket>()
  /** Answers a POST. */
  handler: Handler = (_body, response) => sendAnswer(response, { status: 404, body: '404 page not found' })
  onSocket: (socket: WebSocket) => void = (socket) => socket.terminate()
  connections = 0
  requests = 0

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests++
    try {
      const body = await bodyOf(request)
      await this.handler(body, response, request)
    } catch (error) {
      if (!response.headersSent) sendAnswer(response, { status: 599, body: String(error) })
    }
  }

  constructor() {
    this.#http.on('connection', (socket) => {
      this.connections++
      this.#open.add(socket)
      socket.on('close', () => this.#open.delete(socket))
    })
    this.#sockets.on('connection', (socket) => this.onSocket(socket))
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#http.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`
  }

  async stop(): Promise<void> {
    for (const socket of this.#open) socket.destroy()
    this.#sockets.close()
    await new Promise<void>((resolve) => this.#http.close(() => resolve()))
  }
}
