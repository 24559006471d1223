import type { ReceiptHead } from '../ledger/index.ts'
import { ReceiptChain, type ReceiptChainOptions, type ReceiptDraft, type SignedReceipt } from '../trust/index.ts'

/** Signs the receipts of one executor; its chain can be taken up at another end. */
export interface ReceiptSigner {
  sign(draft: ReceiptDraft): SignedReceipt
  /** Goes on after the last receipt that the ledger has; null: it has none. */
  continueAfter(head: ReceiptHead | null): void
}

export function createReceiptSigner(options: Omit<ReceiptChainOptions, 'last'>): ReceiptSigner {
  let chain = new ReceiptChain(options)
  return {
    sign: (draft) => chain.sign(draft),
    continueAfter(head) {
      chain = new ReceiptChain(head === null ? options : { ...options, last: head })
    },
  }
}
