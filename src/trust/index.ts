export type { ReceiptExpectations, ReceiptVerdict } from './check-receipt.ts'
export {
  type EnvelopeSubject,
  type SignEnvelopeOptions,
  signEnvelope,
  type VerifiedEnvelope,
  type VerifyEnvelopeOptions,
  verifyEnvelope,
  verifyOrigin,
} from './envelope.ts'
export { type Jwks, type JwksKey, jwksOf, parseJwks, publishedKey } from './jwks.ts'
export { ReceiptChain, type ReceiptChainOptions, type ReceiptDraft, type SignedReceipt } from './receipt-chain.ts'
export { signRedrive, verifyRedrive } from './redrive.ts'
export { generateSeed, parseSeed } from './seed.ts'
export { selfTest } from './self-test.ts'
export { type PublicJwk, SigningKey } from './signing-key.ts'
export { LONGEST_ORDER_MS } from './standing-order.ts'
export { thumbprint } from './thumbprint.ts'
export { parseTrustedKeys } from './trusted-keys.ts'
export type { EnvelopeClaims, Finding, ReceiptClaims, RedriveClaims, TrustedKey } from './types.ts'
export { type ChainVerdict, type VerifyChainOptions, verifyChain } from './verify-chain.ts'
export { verifyReceipt } from './verify-receipt.ts'
export { verifyReceiptPortable } from './verify-receipt-portable.ts'
