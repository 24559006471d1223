import type { Json } from '../canonical.ts'

/**
 * Which assignment of a process a call belongs to. Assignments of one process are ordered by `retries`, then by
 * `starttime` (the broker leaves `retries` alone when it takes an executor off its register).
 */
export interface Fence {
  readonly retries: number
  /** RFC 3339 with microseconds, exactly as the broker's assign reply gave it. */
  readonly starttime: string
}

/** The nonce of the task envelope, used up in the transaction. */
export interface Nonce {
  readonly kid: string
  readonly nonce: string
  /** RFC 3339. After it the envelope is refused anyway, so the nonce may be forgotten. */
  readonly expires_at: string
}

/** One transaction: the argument of `bee_execute` with `op: 'execute'`. Names are those on the wire. */
export interface TransactionCall {
  readonly colony: string
  /** Process id, 64 hex digits; `direct:` + digest where no broker process exists. */
  readonly process: string
  /** Executor id, 64 hex digits; `direct` for work that never was at the broker. */
  readonly executor: string
  readonly fence: Fence
  readonly bee: string
  readonly task: string
  /** Numbered from 1 within the process. Each step is replay-safe by itself. */
  readonly step: number
  /** The business key: two processes with one key have one effect. */
  readonly key: string | null
  /** digestOf(input as submitted). */
  readonly input_digest: string
  readonly schema_hash: string
  readonly nonce: Nonce | null
  /** What the task's SQL function gets as its first argument. */
  readonly payload: Json
}

/** One look without effect: the argument of `bee_execute` with `op: 'query'`. */
export type QueryCall = Pick<TransactionCall, 'colony' | 'process' | 'bee' | 'task' | 'payload'>

/** What the ledger answers when the work is done: now (`applied`) or earlier (`replayed`, with the stored output). */
export interface TransactionResult {
  readonly outcome: 'applied' | 'replayed'
  readonly ledgerId: string
  readonly step: number
  readonly output: Json
  /** RFC 3339, the database's clock. */
  readonly committedAt: string
}

/** A signed receipt on its way into the ledger. */
export interface StoredReceipt {
  /** SHA-256 (hex) of the compact JWS. */
  readonly digest: string
  readonly colony: string
  readonly process: string
  readonly executor: string
  /** Position in the executor's chain, from 1. */
  readonly seq: number
  /** Digest of the executor's previous receipt, null for its first. */
  readonly previous: string | null
  readonly kid: string
  readonly outcome: 'applied' | 'replayed' | 'failed'
  readonly ledger_ids: readonly string[]
  readonly jws: string
}

/** Where an executor's chain of receipts stands in the ledger. */
export interface ReceiptHead {
  readonly seq: number
  /** SHA-256 (hex) of the compact JWS. */
  readonly digest: string
}

/** A public key with its validity, as published in the ledger and at /.well-known/jwks.json. */
export interface PublishedKey {
  readonly kid: string
  /** Ed25519 public key, base64url (the `x` of an OKP JWK). */
  readonly x: string
  readonly use: 'receipt' | 'task'
  readonly not_before: string
  readonly not_after: string | null
}

export interface LedgerRow {
  readonly ledger_id: string
  readonly process: string
  readonly step: number
  readonly bee: string
  readonly task: string
  readonly key: string | null
  readonly input_digest: string
  readonly schema_hash: string
  readonly executor: string
  readonly fence: Fence
  readonly output: Json
  readonly committed_at: string
}

export interface ReadReply {
  readonly process: string
  readonly revoked: boolean
  readonly rows: readonly LedgerRow[]
  readonly receipts: readonly StoredReceipt[]
  readonly keys: readonly PublishedKey[]
}

/** An event that can never be processed, kept for a person to look at. */
export interface DeadLetter {
  readonly source: string
  readonly id: string
  readonly code: string
  readonly payload_digest: string
  readonly payload: Json
}

/** A dead letter without its payload, which may be large and personal. */
export interface DeadLetterHead extends Omit<DeadLetter, 'payload'> {
  /** RFC 3339, the database's clock. */
  readonly stored_at: string
}

/** Where a page of dead letters ended. */
export type DeadLetterPlace = Pick<DeadLetterHead, 'source' | 'id' | 'payload_digest' | 'stored_at'>

/** What was handed in again: a dead letter by source and id, or (source empty) a failed process by its id. */
export interface RedriveSubject {
  readonly kind: 'letter' | 'process'
  readonly source: string
  readonly subject: string
}

/** That somebody handed something in again. */
export interface NewRedrive extends RedriveSubject {
  readonly colony: string
  /** digestOf(input), which is the same as before. */
  readonly digest: string
  /** The new process. */
  readonly process: string
  /** Whose key signed. */
  readonly kid: string
  /** Compact JWS over all of this. */
  readonly statement: string
}

export interface Redrive extends Omit<NewRedrive, 'colony'> {
  readonly id: string
  /** RFC 3339, the database's clock. */
  readonly recorded_at: string
}

export interface CallOptions {
  /** Aborts the wait, not the transaction: the outcome is then unknown. */
  readonly signal?: AbortSignal | undefined
  /** The whole call with its retries ends before this, on the monotonic clock, milliseconds. */
  readonly deadlineMs: number
  /** @default the ledger's policy (3 tries, 1 s × 2^n, full jitter) */
  readonly retry?: RetryPolicy | undefined
}

export interface RetryPolicy {
  /** Calls in all, the first included. @default 3 */
  readonly tries: number
  /** @default 1000 */
  readonly baseMs: number
  /** @default 2 */
  readonly factor: number
  /** Upper bound of one wait. @default 30_000 */
  readonly capMs: number
}

/** The caller's side of `bee_execute`. Every method throws BeeError with its failure class, never anything else. */
export interface Ledger {
  transact(call: TransactionCall, options: CallOptions): Promise<TransactionResult>
  /** What the task's `__read` function returns, in a transaction that cannot write; nothing is recorded. */
  query(call: QueryCall, options: CallOptions): Promise<Json>
  /**
   * Stores a batch whole or not at all; storing it again is accepted. In each executor's chain the receipts must be in
   * order and continue what is stored.
   *
   * @throws BeeError BEE_RECEIPT_CHAIN_BROKEN with `details` { index, headSeq, headDigest } when one does not.
   */
  storeReceipts(receipts: readonly StoredReceipt[], options: CallOptions): Promise<void>
  /** The last stored receipt of an executor, null before its first: where a hive goes on after a restart. */
  receiptHead(colony: string, executor: string, options: CallOptions): Promise<ReceiptHead | null>
  /** Waits for a transaction in flight. After this, no transaction of the process commits that has not committed yet. */
  revoke(colony: string, process: string, reason: string, options: CallOptions): Promise<void>
  publishKey(key: PublishedKey, options: CallOptions): Promise<void>
  keys(options: CallOptions): Promise<readonly PublishedKey[]>
  read(colony: string, process: string, options: CallOptions): Promise<ReadReply>
  deadLetter(letter: DeadLetter, options: CallOptions): Promise<void>
  /** One page, newest first. @param page.limit 1 to 100; @param page.before where the page before ended, null for the first */
  deadLetters(
    page: { readonly limit: number; readonly before: DeadLetterPlace | null },
    options: CallOptions,
  ): Promise<readonly DeadLetterHead[]>
  /** With payload; several when other bytes came under the same id, none when there is no such letter. */
  readDeadLetter(
    source: string,
    id: string,
    options: CallOptions,
  ): Promise<readonly (DeadLetterHead & Pick<DeadLetter, 'payload'>)[]>
  /** Safe to repeat. @throws BeeError BEE_DEAD_NOT_FOUND when there is no such letter */
  recordRedrive(redrive: NewRedrive, options: CallOptions): Promise<void>
  /** Of up to 300 letters and processes, newest first. */
  redrives(colony: string, subjects: readonly RedriveSubject[], options: CallOptions): Promise<readonly Redrive[]>
  /** `open` means: do not take work that needs the database. */
  readonly breaker: { readonly state: 'closed' | 'open' | 'half_open' }
}
