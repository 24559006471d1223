export { type BreakerSettings, createLedger, type LedgerOptions } from './create-ledger.ts'
export { createKeepAliveFetch } from './keep-alive-fetch.ts'
export type { Answer, Rpc } from './rpc.ts'
export type {
  CallOptions,
  DeadLetter,
  DeadLetterHead,
  DeadLetterPlace,
  Fence,
  Ledger,
  LedgerRow,
  NewRedrive,
  Nonce,
  PublishedKey,
  QueryCall,
  ReadReply,
  ReceiptHead,
  Redrive,
  RedriveSubject,
  RetryPolicy,
  StoredReceipt,
  TransactionCall,
  TransactionResult,
} from './types.ts'
