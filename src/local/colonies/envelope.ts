import { recoverIdentity } from '../../colonies/index.ts'
import { decode, type Message, parseMessage, struct, text } from './decode.ts'
import { encode } from './json.ts'
import { LruCache } from './lru-cache.ts'
import { EmptyCrash, forbidden, malformed, type Refusal } from './refusal.ts'

export interface Envelope {
  readonly payloadtype: string
  /** Base64 text, as signed. */
  readonly payload: string
  readonly signature: string
}

const envelope = struct({ payloadtype: text, payload: text, signature: text })

/** Calls that need no signature. */
const unsigned: ReadonlySet<string> = new Set(['versionmsg', 'getserverinfomsg'])

/** Reads the body of a call or a WebSocket frame. Throws 400; a JSON `null` is the original's crash. */
export function parseEnvelope(body: string): Envelope {
  const parsed = parseMessage(body)
  if (parsed === null) throw new EmptyCrash()
  return decode(envelope, parsed as Message)
}

export interface Opened {
  readonly callerId: string
  readonly message: Message
}

export type OpenEnvelope = (envelope: Envelope) => Opened

/** Idle polls repeat the same envelope; remembering its signer saves most of the signature work. */
const rememberedSignatures = 4096

/**
 * A function that checks signature and message type and unpacks the message. Throws 403 for a bad signature or a
 * type that is not `known`, 400 for a bad message.
 */
export function createOpener(known: (payloadtype: string) => boolean): OpenEnvelope {
  const signers = new LruCache<string, string>(rememberedSignatures)
  const signerOf = (payload: string, signature: string): string | null => {
    // With its length, so that no part of a payload can pass for the end of a signature.
    const key = `${signature.length}:${signature}${payload.length > 4096 ? '' : payload}`
    const remembered = payload.length > 4096 ? undefined : signers.get(key)
    if (remembered !== undefined) return remembered
    const id = recoverIdentity(payload, signature)
    if (id !== null && payload.length <= 4096) signers.set(key, id)
    return id
  }
  return ({ payloadtype, payload, signature }) => {
    const callerId = unsigned.has(payloadtype) ? '' : signerOf(payload, signature)
    if (callerId === null) throw forbidden('the signature is missing or not valid')
    if (!known(payloadtype)) throw forbidden(`message type <${payloadtype}> is not known`)
    const message = parseMessage(decodeBase64(payload))
    if (message === null) throw new EmptyCrash()
    if (typeof message !== 'object' || Array.isArray(message)) throw malformed('the message is not an object')
    const { msgtype } = decode(struct({ msgtype: text }), message as Message)
    if (msgtype !== payloadtype) throw malformed(`message type <${msgtype}> is not that of the envelope`)
    return { callerId, message: message as Message }
  }
}

const outsideAlphabet = /[^A-Za-z0-9+/]/
const lastTwo = /^(?:[A-Za-z0-9+/]{2}|[A-Za-z0-9+/]=|==)$/

/** Standard alphabet with padding; line breaks inside are skipped. Anything else reads as no text at all. */
function decodeBase64(payload: string): string {
  const joined = payload.includes('\n') || payload.includes('\r') ? payload.replace(/[\r\n]/g, '') : payload
  const valid = joined.length % 4 === 0 && !outsideAlphabet.test(joined.slice(0, -2)) && lastTwo.test(joined.slice(-2))
  return valid ? Buffer.from(joined, 'base64').toString('utf8') : ''
}

/** The reply envelope around a payload. */
export function sealReply(payloadtype: string, payloadJson: string): string {
  return seal(payloadtype, payloadJson, false)
}

/** The error envelope. */
export function sealRefusal({ status, message }: Pick<Refusal, 'status' | 'message'>): string {
  return seal('error', encode({ status, message }), true)
}

function seal(payloadtype: string, payloadJson: string, error: boolean): string {
  const payload = Buffer.from(payloadJson, 'utf8').toString('base64')
  return `{"payloadtype":${encode(payloadtype)},"payload":"${payload}","error":${error}}`
}
