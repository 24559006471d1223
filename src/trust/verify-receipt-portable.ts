import nacl from 'tweetnacl'
import { decodeBase64url } from './base64url.ts'
import { checkReceipt, type ReceiptExpectations, type ReceiptVerdict } from './check-receipt.ts'
import type { TrustedKey } from './types.ts'

/**
 * `verifyReceipt` for places without node:crypto (browsers, edge functions): the same verdicts from tweetnacl. Import
 * this file by itself; nothing that it needs imports from node. Some ten milliseconds of blocked thread a receipt.
 */
export function verifyReceiptPortable(
  jws: string,
  keys: readonly TrustedKey[],
  expectations: ReceiptExpectations = {},
): ReceiptVerdict {
  return checkReceipt(jws, keys, expectations, (x, message, signature) => {
    const key = decodeBase64url(x)
    return key?.length === 32 && signature.length === 64 && nacl.sign.detached.verify(message, signature, key)
  })
}
