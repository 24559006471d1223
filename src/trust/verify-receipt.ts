import { checkReceipt, type ReceiptExpectations, type ReceiptVerdict } from './check-receipt.ts'
import { verifySignature } from './public-key.ts'
import type { TrustedKey } from './types.ts'

/**
 * Verifies a receipt offline with node:crypto: form, key and its validity at the time of signing, signature, and
 * whatever the caller expects it to say.
 *
 * @param keys from `parseJwks` or, for the ledger's rows, `publishedKey`.
 */
export function verifyReceipt(
  jws: string,
  keys: readonly TrustedKey[],
  expectations: ReceiptExpectations = {},
): ReceiptVerdict {
  return checkReceipt(jws, keys, expectations, verifySignature)
}
