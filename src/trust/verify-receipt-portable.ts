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
    return key?.length === 32 && isCanonical(signature) && nacl.sign.detached.verify(message, signature, key)
  })
}

/** The order of the group, 2^252 + 27742317777372353535851937790883648493. */
const ORDER = 0x1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3edn

/**
 * RFC 8032 takes only the scalar below the order; tweetnacl takes others too, so that anybody could make a second valid
 * text of a receipt, with another digest.
 */
function isCanonical(signature: Uint8Array): boolean {
  if (signature.length !== 64) return false
  const scalar = signature.subarray(32).reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n)
  return scalar < ORDER
}
