import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import type { Json } from '../../canonical.ts'
import { BeeError, toBeeError } from '../../errors.ts'
import { readBody } from '../webhook/read-body.ts'

export interface ReadItemsOptions {
  readonly maxBytes: number
  readonly maxInflatedBytes: number
  readonly maxItems: number
  readonly signal: AbortSignal
}

const unpack = promisify(gunzip)

/**
 * The items of a body: a JSON array, one JSON object, or one JSON value a line (NDJSON), packed with gzip or not. A line
 * that is no JSON is `undefined` in its place: it is refused by itself.
 *
 * @throws BeeError BEE_EVENTS_TOO_LARGE, BEE_EVENTS_SLOW, BEE_EVENTS_MALFORMED
 */
export async function readItems(request: Request, options: ReadItemsOptions): Promise<readonly (Json | undefined)[]> {
  const sent = await bytesOf(request, options)
  const text = textOf(await inflated(sent, request.headers.get('content-encoding'), options))
  const items = itemsOf(text, request.headers.get('content-type') ?? '')
  if (items.length > options.maxItems) {
    throw new BeeError('BEE_EVENTS_TOO_LARGE', `Received ${items.length} items, expected at most ${options.maxItems}.`)
  }
  return items
}

async function bytesOf(request: Request, { maxBytes, signal }: ReadItemsOptions): Promise<Uint8Array> {
  try {
    return await readBody(request, maxBytes, signal)
  } catch (thrown) {
    const { code, message } = toBeeError(thrown)
    throw new BeeError(code === 'BEE_WEBHOOK_TOO_LARGE' ? 'BEE_EVENTS_TOO_LARGE' : 'BEE_EVENTS_SLOW', message)
  }
}

async function inflated(bytes: Uint8Array, encoding: string | null, { maxInflatedBytes }: ReadItemsOptions) {
  const packed = bytes[0] === 0x1f && bytes[1] === 0x8b
  const named = encoding?.trim().toLowerCase() ?? ''
  if (named !== '' && named !== 'identity' && named !== 'gzip' && named !== 'x-gzip') {
    throw new BeeError('BEE_EVENTS_MALFORMED', 'Received another content-encoding, expected gzip or none.')
  }
  // Some senders pack and do not say so, some proxies unpack and leave the header: the bytes tell.
  if (!packed) return bytes
  try {
    return await unpack(bytes, { maxOutputLength: maxInflatedBytes })
  } catch (thrown) {
    if ((thrown as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new BeeError('BEE_EVENTS_TOO_LARGE', `The body is larger than ${maxInflatedBytes} bytes when unpacked.`)
    }
    throw new BeeError('BEE_EVENTS_MALFORMED', 'The body is not gzip from beginning to end.')
  }
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).trim()
  } catch {
    throw new BeeError('BEE_EVENTS_MALFORMED', 'The body is not UTF-8.')
  }
}

function itemsOf(text: string, contentType: string): readonly (Json | undefined)[] {
  if (text === '') return []
  const lines = /ndjson|jsonl|json-seq/i.test(contentType)
  if (!lines) {
    const whole = parsed(text)
    if (Array.isArray(whole)) return whole
    if (whole !== undefined) return [whole]
    if (text.startsWith('[') || !text.includes('\n')) {
      // The parser's message quotes the text, so it is not passed on.
      throw new BeeError('BEE_EVENTS_MALFORMED', 'The body is neither JSON nor one JSON value a line.')
    }
  }
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map(parsed)
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
