import { canonicalJson, sha256 } from '../canonical.ts'
import { encodeJws } from './jws.ts'
import type { SigningKey } from './signing-key.ts'
import type { ReceiptClaims } from './types.ts'

/** What the fleet knows of a finished process; the chain adds version, time and place. */
export type ReceiptDraft = Omit<ReceiptClaims, 'v' | 'colony' | 'executor' | 'iat' | 'seq' | 'previous'>

export interface SignedReceipt {
  /** The compact JWS. */
  readonly jws: string
  /** SHA-256 (hex) of `jws`: what the next receipt of the chain calls `previous`. */
  readonly digest: string
  readonly kid: string
  readonly seq: number
  readonly previous: string | null
  readonly claims: ReceiptClaims
}

export interface ReceiptChainOptions {
  readonly key: SigningKey
  readonly colony: string
  /** The executor whose chain this is. Two chains of one executor would look like a forgery. */
  readonly executor: string
  /** Wall clock, milliseconds since 1970. */
  readonly now: () => number
  /** The last receipt of an executor that outlived its hive. @default none: the chain begins at seq 1 */
  readonly last?: { readonly seq: number; readonly digest: string } | undefined
}

/**
 * Signs the receipts of one executor, each with the digest of the one before, so that a missing or exchanged receipt
 * shows. Signing takes its place in the chain: what is signed must be stored.
 */
export class ReceiptChain {
  readonly #options: ReceiptChainOptions
  #seq: number
  #previous: string | null

  constructor(options: ReceiptChainOptions) {
    this.#options = options
    this.#seq = options.last?.seq ?? 0
    this.#previous = options.last?.digest ?? null
  }

  get executor(): string {
    return this.#options.executor
  }

  sign(draft: ReceiptDraft): SignedReceipt {
    const { key, colony, executor, now } = this.#options
    const seq = this.#seq + 1
    const previous = this.#previous
    const iat = Math.floor(now() / 1000)
    const claims: ReceiptClaims = Object.freeze({ ...draft, v: 1, colony, executor, iat, seq, previous })
    const jws = encodeJws('bee-receipt+jwt', key.kid, canonicalJson(claims), (bytes) => key.sign(bytes))
    const digest = sha256(jws)
    this.#seq = seq
    this.#previous = digest
    return Object.freeze({ jws, digest, kid: key.kid, seq, previous, claims })
  }
}
