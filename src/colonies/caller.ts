import { assertPrivateKey, parsePrivateKey, sign } from './crypto.ts'
import { encodeMessage, openReply, type RawReply, type Signer, sealMessage } from './envelope.ts'
import { ColoniesError } from './errors.ts'
import { invalid } from './function-spec.ts'
import { createHttpTransport } from './http-transport.ts'
import { parseReply, type ReplyOf } from './messages/replies.ts'
import { SignatureMemo } from './signature-memo.ts'
import { type Transport, TransportError } from './transport.ts'
import { type CallOptions, withDeadline } from './with-deadline.ts'

/** A private key: 64 hex digits or 32 bytes. */
export type PrivateKey = string | Uint8Array

export interface ColoniesClientOptions {
  /** Address of the server, such as `http://127.0.0.1:50080`. Instead of `host`, `port` and `tls`. */
  readonly url?: string | URL | undefined
  readonly host?: string | undefined
  readonly port?: number | undefined
  /** @default false */
  readonly tls?: boolean | undefined
  /**
   * Carries the calls instead of a keep-alive HTTP connection of our own. Subscriptions still need the address.
   * @default createHttpTransport
   */
  readonly transport?: Transport | undefined
  /** Signs every call that is not given another key. */
  readonly privateKey?: PrivateKey | undefined
  /**
   * Time for one call, milliseconds.
   * @default 10_000
   */
  readonly timeoutMs?: number | undefined
  /**
   * Connections at the same time. Long polls hold one each.
   * @default 128
   */
  readonly maxSockets?: number | undefined
  /** Certificate authority (PEM) of the server instead of the system's. */
  readonly ca?: string | undefined
  /**
   * Makes signatures: base64 payload and key to r, s, v in hex. For a native implementation.
   * @default secp256k1 of @noble/curves
   */
  readonly signer?: Signer | undefined
}

const ASSIGN = 'assignprocessmsg'

const baseUrlOf = ({ url, host, port, tls }: ColoniesClientOptions): URL | null => {
  if (url !== undefined) return new URL(url)
  if (host === undefined) return null
  return new URL(`${tls === true ? 'https' : 'http'}://${host}${port === undefined ? '' : `:${port}`}`)
}

const endpointOf = (base: URL, path: string): URL => new URL(`${base.pathname.replace(/\/+$/, '')}/${path}`, base)

const keyBytes = (key: PrivateKey): Uint8Array => {
  if (typeof key === 'string') return parsePrivateKey(key)
  assertPrivateKey(key)
  return Uint8Array.from(key)
}

/** The part under all calls: keys, envelopes, deadline, transport, errors. No retry, no other policy. */
export class ColoniesCaller {
  readonly #base: URL | null
  readonly #transport: Transport
  readonly #closeTransport: () => void
  readonly #timeoutMs: number
  readonly #signer: Signer
  readonly #ca: string | undefined
  readonly #memo = new SignatureMemo()
  #privateKey: Uint8Array | undefined

  /** @throws TypeError when neither an address nor a transport is given, or the key is malformed. */
  constructor(options: ColoniesClientOptions) {
    this.#base = baseUrlOf(options)
    this.#timeoutMs = options.timeoutMs ?? 10_000
    this.#signer = options.signer ?? sign
    this.#ca = options.ca
    if (options.transport !== undefined) {
      this.#transport = options.transport
      this.#closeTransport = () => {}
    } else if (this.#base !== null) {
      const { maxSockets, ca } = options
      const transport = createHttpTransport({ url: endpointOf(this.#base, 'api'), maxSockets, ca })
      this.#transport = transport
      this.#closeTransport = transport.close
    } else {
      throw new TypeError('A Colonies client needs url, or host and port, or a transport.')
    }
    if (options.privateKey !== undefined) this.#privateKey = keyBytes(options.privateKey)
  }

  /**
   * Sets the key that signs every call that is not given another one.
   * @throws TypeError that does not contain the key
   */
  setPrivateKey(privateKey: PrivateKey): void {
    this.#privateKey = keyBytes(privateKey)
  }

  /** Closes the connections of the client. Calls in flight fail as `unavailable`. */
  close(): void {
    this.#closeTransport()
  }

  /**
   * Sends any message and returns its parsed reply. The named methods are built on this.
   * @param message its fields without `msgtype`.
   * @param key another key than the client's; null for a call without signature.
   * @throws ColoniesError
   */
  async call<Type extends string>(
    msgtype: Type,
    message: object,
    key?: PrivateKey | null,
    options: CallOptions = {},
  ): Promise<ReplyOf<Type>> {
    const reply = await this.#post(msgtype, this.requestBody(msgtype, message, key), options)
    return parseReply(msgtype, openReply(msgtype, reply))
  }

  /** The signed body of a request, as it is posted. For subscriptions and for tools that send it themselves. */
  requestBody(msgtype: string, message: object, key?: PrivateKey | null): string {
    const privateKey = this.#keyFor(msgtype, key)
    const text = encodeMessage(msgtype, message)
    const seal = (): string => sealMessage(msgtype, text, privateKey, this.#signer)
    return privateKey !== null && msgtype === ASSIGN ? this.#memo.body(text, privateKey, seal) : seal()
  }

  /** Address and trust for a WebSocket. */
  protected socketEndpoint(msgtype: string): { readonly url: URL; readonly ca: string | undefined } {
    if (this.#base === null) throw invalid(msgtype, 'a subscription needs the address of the server')
    const url = endpointOf(this.#base, 'pubsub')
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
    return { url, ca: this.#ca }
  }

  /** @throws ColoniesError of kind `invalid` when there is no key, TypeError when it is malformed. */
  #keyFor(msgtype: string, key: PrivateKey | null | undefined): Uint8Array | null {
    if (key === null) return null
    if (key !== undefined) return keyBytes(key)
    if (this.#privateKey === undefined) throw invalid(msgtype, 'no private key: give one or call setPrivateKey first')
    return this.#privateKey
  }

  async #post(msgtype: string, body: string, options: CallOptions): Promise<RawReply> {
    const deadlineMs = options.deadlineMs ?? this.#timeoutMs
    return withDeadline(msgtype, deadlineMs, options.signal, async (signal) => {
      try {
        return await this.#transport({ body, signal })
      } catch (cause) {
        throw transportFailure(msgtype, cause)
      }
    })
  }
}

/** Errors of the connection before a byte was sent: the server has not seen the call. */
const NOT_CONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

const codeOf = (error: unknown): string | undefined => {
  if (!(error instanceof Error)) return undefined
  const code: unknown = Reflect.get(error, 'code')
  // fetch wraps the error of the socket.
  return typeof code === 'string' ? code : codeOf(error.cause)
}

const transportFailure = (msgtype: string, cause: unknown): ColoniesError => {
  if (cause instanceof TransportError && cause.reason === 'too_large') {
    return new ColoniesError('malformed', { msgtype, detail: cause.message, outcome: 'unknown', cause })
  }
  const code = codeOf(cause)
  const detail = code ?? (cause instanceof TransportError ? cause.message : undefined)
  const outcome = code !== undefined && NOT_CONNECTED.has(code) ? 'not_applied' : 'unknown'
  return new ColoniesError('unavailable', { msgtype, detail, outcome, cause })
}
