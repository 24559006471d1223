import { BeeError } from '../../errors.ts'
import { raceAbort } from '../../resilience/index.ts'

/**
 * Reads a request body as bytes and never holds more than `maxBytes` of it. The signal ends the wait for a sender that
 * stops in the middle.
 *
 * @throws BeeError BEE_WEBHOOK_TOO_LARGE, BEE_WEBHOOK_SLOW
 */
export async function readBody(request: Request, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
  const declared = Number(request.headers.get('content-length') ?? Number.NaN)
  const reader = request.body?.getReader()
  if (declared > maxBytes) {
    reader?.cancel().catch(() => {})
    throw tooLarge(maxBytes)
  }
  if (reader === undefined) return new Uint8Array()
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for (;;) {
      const { done, value } = await raceAbort(reader.read(), signal)
      if (done) return join(chunks, size)
      size += value.byteLength
      if (size > maxBytes) throw tooLarge(maxBytes)
      chunks.push(value)
    }
  } catch (thrown) {
    reader.cancel().catch(() => {})
    if (signal.aborted) throw new BeeError('BEE_WEBHOOK_SLOW')
    if (thrown instanceof BeeError) throw thrown
    throw new BeeError('BEE_WEBHOOK_SLOW', 'The body broke off before its end.', { cause: thrown })
  }
}

const tooLarge = (maxBytes: number): BeeError =>
  new BeeError('BEE_WEBHOOK_TOO_LARGE', `The body is larger than ${maxBytes} bytes.`)

function join(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const [only] = chunks
  if (only !== undefined && chunks.length === 1) return only
  const bytes = new Uint8Array(size)
  let offset = 0
  for (const chunk of chunks) {
    bytes.set(chunk, offset)
    offset += chunk.byteLength
  }
  return bytes
}
