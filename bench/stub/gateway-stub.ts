import type { ServerResponse } from 'node:http'
import type { PublishedKey, StoredReceipt, TransactionCall } from '../../src/ledger/index.ts'

/** What the fleet sends; a wrong answer shows as a failed task. */
type Call =
  | ({ readonly op: 'execute' } & TransactionCall)
  | { readonly op: 'store_receipts'; readonly receipts: readonly StoredReceipt[] }
  | { readonly op: 'receipt_head'; readonly executor: string }
  | ({ readonly op: 'publish_key' } & PublishedKey)
  | { readonly op: 'keys' }

let ledgerId = 0

/** Answers `bee_execute` as the database would, at once and without one. */
export function answerRpc(body: string, response: ServerResponse): void {
  const { call } = JSON.parse(body) as { readonly call: Call }
  const text = JSON.stringify({ v: 1, ...replyTo(call) })
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
  response.end(text)
}

function replyTo(call: Call): object {
  switch (call.op) {
    case 'execute': {
      ledgerId += 1
      return {
        outcome: 'applied',
        process: call.process,
        step: call.step,
        ledger_id: String(ledgerId),
        output: { row: ledgerId },
        committed_at: new Date().toISOString(),
      }
    }
    case 'store_receipts':
      return { outcome: 'stored', received: call.receipts.length }
    case 'receipt_head':
      return { outcome: 'head', executor: call.executor, head: null }
    case 'publish_key': {
      const { kid, x, use, not_before, not_after } = call
      return { outcome: 'published', key: { kid, x, use, not_before, not_after } }
    }
    case 'keys':
      return { outcome: 'keys', keys: [] }
  }
}
