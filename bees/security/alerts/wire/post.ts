import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { AddressRefused, allowedAddresses, type CheckedAddress, type Lookup } from './allowed-address.ts'

export interface Post {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Cuts everything, the answer's body included. */
  readonly signal: AbortSignal
  readonly allowPrivate: boolean
  /** @default the system's */
  readonly lookup?: Lookup | undefined
  /** Of the answer's body. @default 64 KiB */
  readonly mostBytes?: number | undefined
}

export interface PostAnswer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  /** Undefined: it was longer than `mostBytes`, and the rest was not read. */
  readonly body: string | undefined
}

/** Nothing whole came back. Whether the other side has acted upon it is unknown, except where it was never asked. */
export class PostFailed extends Error {
  override readonly name = 'PostFailed'
  readonly problem: 'unreachable' | 'timeout' | 'tls' | 'private_address' | 'unknown_host'

  constructor(problem: PostFailed['problem']) {
    // No cause: the errors of sockets quote addresses, and the URL may be a secret.
    super(problem)
    this.problem = problem
  }
}

/**
 * One POST, to an address that has been checked: the name is resolved once, and the connection goes to what was found.
 * Redirects are not followed, nothing is sent twice, no proxy is used, no connection is kept.
 *
 * @throws PostFailed
 */
export async function post(options: Post): Promise<PostAnswer> {
  const { url, signal, allowPrivate, lookup } = options
  if (signal.aborted) throw new PostFailed('timeout')
  let addresses: readonly CheckedAddress[]
  try {
    addresses = await orAborted(allowedAddresses(url.hostname, allowPrivate, lookup), signal)
  } catch (thrown) {
    throw new PostFailed(thrown instanceof AddressRefused ? thrown.problem : 'timeout')
  }
  try {
    return await exchange(options, addresses)
  } catch (thrown) {
    if (signal.aborted) throw new PostFailed('timeout')
    throw new PostFailed(isTlsError(thrown) ? 'tls' : 'unreachable')
  }
}

function exchange(options: Post, addresses: readonly CheckedAddress[]): Promise<PostAnswer> {
  const { url, headers, body, signal, mostBytes = 64 * 1024 } = options
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const sending = request(url, {
      method: 'POST',
      headers: { ...headers, 'content-length': String(Buffer.byteLength(body)), connection: 'close' },
      agent: false,
      signal,
      // What node connects to. Host header and certificate stay those of the name.
      lookup: (_host, { all }, callback) => {
        const [first] = addresses
        if (all === true) callback(null, [...addresses])
        else if (first !== undefined) callback(null, first.address, first.family)
      },
    })
    sending.on('error', reject)
    sending.on('response', (response) => {
      const { statusCode: status = 0, headers } = response
      const chunks: Buffer[] = []
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.byteLength
        chunks.push(chunk)
        if (bytes <= mostBytes) return
        resolve({ status, headers, body: undefined })
        sending.destroy()
      })
      response.on('end', () => resolve({ status, headers, body: Buffer.concat(chunks).toString('utf8') }))
      response.on('error', reject)
      response.on('close', () => reject(new Error('the answer was cut off')))
    })
    sending.end(body)
  })
}

/** The promise, or the abort if that is first. */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(new Error('aborted'))
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

/** By the codes of node and OpenSSL: the certificate or the encryption is not acceptable. */
export function isTlsError(thrown: unknown): boolean {
  const { code } = thrown as { readonly code?: unknown }
  return typeof code === 'string' && /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|EPROTO|ETLS)/.test(code)
}
