import { createHash } from 'node:crypto'

/** RFC 7638 thumbprint of an Ed25519 public key, base64url: the key id in every header. */
export function thumbprint(x: string): string {
  // The RFC fixes the members and their order, so the text is written out rather than built.
  return createHash('sha256').update(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`, 'utf8').digest('base64url')
}
