export { type BreakerSettings, createLedger, type LedgerOptions } from './create-ledger.ts'
export { createKeepAliveFetch } from './keep-alive-fetch.ts'
export type {
  CallOptions,
  DeadLetter,
  Fence,
  Ledger,
  LedgerRow,
  Nonce,
  PublishedKey,
  ReadReply,
  ReceiptHead,
  RetryPolicy,
  StoredReceipt,
  TransactionCall,
  TransactionResult,
} from './types.ts'
