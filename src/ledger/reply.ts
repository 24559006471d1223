import { z } from 'zod'
import type { Json } from '../canonical.ts'
import { BeeError, type ErrorCode } from '../errors.ts'
import type {
  PublishedKey,
  QueryCall,
  ReadReply,
  ReceiptHead,
  StoredReceipt,
  TransactionCall,
  TransactionResult,
} from './types.ts'

const v = z.literal(1)
/** Comes out of JSON.parse, so it is JSON if it is there at all. */
const json = z.custom<Json>((value) => value !== undefined)
const time = z.iso.datetime({ offset: true })
const digest = z.string().regex(/^[0-9a-f]{64}$/)
const ledgerId = z.string().regex(/^[1-9]\d{0,18}$/)

const done = z.object({
  v,
  outcome: z.enum(['applied', 'replayed']),
  process: z.string(),
  step: z.int(),
  ledger_id: ledgerId,
  output: json,
  committed_at: time,
})

const refusals = {
  fenced: 'BEE_FENCED',
  revoked: 'BEE_REVOKED',
  nonce_replayed: 'BEE_ENVELOPE_REPLAYED',
  input_mismatch: 'BEE_INPUT_MISMATCH',
  unknown_task: 'BEE_TRANSACTION_MISSING',
} as const satisfies Readonly<Record<string, ErrorCode>>

const refused = z.object({
  v,
  outcome: z.enum(['fenced', 'revoked', 'nonce_replayed', 'input_mismatch', 'unknown_task']),
  process: z.string(),
  step: z.int(),
})

const transactionReply = z.discriminatedUnion('outcome', [done, refused])

/**
 * The result of a transaction. Only a reply that speaks of this very process and step, and names its ledger row, counts.
 *
 * @throws BeeError BEE_TRANSACTION_UNKNOWN for anything else; BEE_FENCED, BEE_REVOKED, BEE_ENVELOPE_REPLAYED,
 * BEE_INPUT_MISMATCH, BEE_TRANSACTION_MISSING for the refusals.
 */
export function readTransaction(call: TransactionCall, data: unknown): TransactionResult {
  const reply = parse(transactionReply, data)
  if (reply.process !== call.process || reply.step !== call.step)
    throw untrusted('it speaks of another process or step')
  if (reply.outcome !== 'applied' && reply.outcome !== 'replayed') {
    const details = { outcome: reply.outcome, step: reply.step }
    const message =
      reply.outcome === 'unknown_task' ? `The SQL function of ${call.bee}/${call.task} does not exist.` : undefined
    throw new BeeError(refusals[reply.outcome], message, { details })
  }
  return Object.freeze({
    outcome: reply.outcome,
    ledgerId: reply.ledger_id,
    step: reply.step,
    output: reply.output,
    committedAt: reply.committed_at,
  })
}

const queryReply = z.discriminatedUnion('outcome', [
  z.object({ v, outcome: z.literal('queried'), process: z.string(), output: json }),
  z.object({ v, outcome: z.literal('unknown_task'), process: z.string() }),
])

/** @throws BeeError BEE_TRANSACTION_MISSING when the task has no function to look with */
export function readQueried(call: QueryCall, data: unknown): Json {
  const reply = parse(queryReply, data)
  if (reply.process !== call.process) throw untrusted('it speaks of another process')
  if (reply.outcome === 'queried') return reply.output
  throw new BeeError('BEE_TRANSACTION_MISSING', `The SQL function ${call.bee}/${call.task}, __read, does not exist.`)
}

const head: z.ZodType<ReceiptHead> = z.object({ seq: z.int().min(1), digest })

const storeReply = z.discriminatedUnion('outcome', [
  z.object({ v, outcome: z.literal('stored'), received: z.int() }),
  z.object({ v, outcome: z.literal('chain_gap'), index: z.int(), executor: z.string(), head: head.nullable() }),
])

/** @throws BeeError BEE_RECEIPT_CHAIN_BROKEN, with the head that the ledger has, when a receipt does not continue it. */
export function readStored(receipts: readonly StoredReceipt[], data: unknown): void {
  const reply = parse(storeReply, data)
  if (reply.outcome === 'stored') {
    if (reply.received !== receipts.length) throw untrusted('it speaks of another number of receipts')
    return
  }
  const expected = reply.head === null ? 'none' : `number ${reply.head.seq} (${reply.head.digest})`
  throw new BeeError(
    'BEE_RECEIPT_CHAIN_BROKEN',
    `Receipt ${receipts[reply.index]?.digest ?? reply.index} does not follow the last stored one, ${expected}.`,
    { details: { index: reply.index, headSeq: reply.head?.seq ?? 0, headDigest: reply.head?.digest ?? '' } },
  )
}

const headReply = z.object({ v, outcome: z.literal('head'), executor: z.string(), head: head.nullable() })

export function readHead(executor: string, data: unknown): ReceiptHead | null {
  const reply = parse(headReply, data)
  if (reply.executor !== executor) throw untrusted('it speaks of another executor')
  return reply.head
}

const revokeReply = z.object({ v, outcome: z.literal('revoked'), process: z.string(), revoked_at: time })

export function readRevoked(process: string, data: unknown): void {
  if (parse(revokeReply, data).process !== process) throw untrusted('it speaks of another process')
}

const key: z.ZodType<PublishedKey> = z.object({
  kid: z.string(),
  x: z.string(),
  use: z.enum(['receipt', 'task']),
  not_before: time,
  not_after: time.nullable(),
})

const publishReply = z.object({ v, outcome: z.enum(['published', 'other_use']), key })

/** @throws BeeError BEE_TRANSACTION_REFUSED when the key is published for another use already. */
export function readPublished(kid: string, data: unknown): void {
  const reply = parse(publishReply, data)
  if (reply.key.kid !== kid) throw untrusted('it speaks of another key')
  if (reply.outcome === 'other_use')
    throw new BeeError('BEE_TRANSACTION_REFUSED', `Key ${kid} is published for use ${reply.key.use} already.`)
}

const keysReply = z.object({ v, outcome: z.literal('keys'), keys: z.array(key) })

export const readKeys = (data: unknown): readonly PublishedKey[] => parse(keysReply, data).keys

const receipt: z.ZodType<StoredReceipt> = z.object({
  digest,
  colony: z.string(),
  process: z.string(),
  executor: z.string(),
  seq: z.int().min(1),
  previous: digest.nullable(),
  kid: z.string(),
  outcome: z.enum(['applied', 'replayed', 'failed']),
  ledger_ids: z.array(ledgerId),
  jws: z.string(),
})

const row = z.object({
  ledger_id: ledgerId,
  process: z.string(),
  step: z.int(),
  bee: z.string(),
  task: z.string(),
  key: z.string().nullable(),
  input_digest: digest,
  schema_hash: digest,
  executor: z.string(),
  fence: z.object({ retries: z.int(), starttime: time }),
  output: json,
  committed_at: time,
})

const readReply = z.object({
  v,
  outcome: z.literal('read'),
  process: z.string(),
  revoked: z.boolean(),
  rows: z.array(row),
  receipts: z.array(receipt),
  keys: z.array(key),
})

export function readProcess(process: string, data: unknown): ReadReply {
  const { revoked, rows, receipts, keys, ...reply } = parse(readReply, data)
  if (reply.process !== process) throw untrusted('it speaks of another process')
  return Object.freeze({ process, revoked, rows, receipts, keys })
}

/** @throws BeeError BEE_TRANSACTION_UNKNOWN for a reply that does not have the form of one */
export function parse<T>(schema: z.ZodType<T>, data: unknown): T {
  const result = schema.safeParse(data)
  if (result.success) return result.data
  // Where it went wrong, never what was there.
  const at = result.error.issues[0]?.path.join('.') || 'as a whole'
  throw untrusted(`it does not have the form of one (${at})`)
}

export function untrusted(why: string): BeeError {
  return new BeeError('BEE_TRANSACTION_UNKNOWN', `The database's reply is not trusted: ${why}.`)
}
