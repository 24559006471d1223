import type { IncomingMessage } from 'node:http'
import type { ReplyError } from './reply.ts'

/** The body never came to its end: there is nobody to answer. */
export class CallerGone extends Error {
  override readonly name = 'CallerGone'
}

const drainBytes = 64 * 1024 * 1024

/**
 * The whole body.
 * @throws ReplyError made by `tooLarge` as soon as more than `maxBytes` are announced or received; CallerGone.
 */
export function readBody(
  request: IncomingMessage,
  maxBytes: number,
  tooLarge: () => ReplyError,
): Promise<Buffer<ArrayBuffer>> {
  return new Promise((resolve, reject) => {
    const announced = Number(request.headers['content-length'] ?? 0)
    const chunks: Buffer[] = []
    let length = 0
    const refuse = (): void => {
      // What still comes is thrown away, so that the caller can finish writing and read our answer; but not for ever.
      let toDrain = drainBytes
      request.removeAllListeners('data')
      request.on('data', (chunk: Buffer) => {
        toDrain -= chunk.length
        if (toDrain < 0) request.destroy()
      })
      reject(tooLarge())
    }
    if (announced > maxBytes) return refuse()
    request.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length > maxBytes) refuse()
      else chunks.push(chunk)
    })
    request.once('end', () => resolve(Buffer.concat(chunks, length)))
    request.once('error', () => reject(new CallerGone()))
    request.once('close', () => reject(new CallerGone()))
  })
}
