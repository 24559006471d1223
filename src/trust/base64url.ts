const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
/** Bits of the last letter that no byte takes, by the number of letters beyond the last four. */
const UNUSED_BITS = [0, 0, 0b1111, 0b11]

/**
 * Strict base64url (RFC 4648 section 5, no padding) without node:crypto or Buffer, so that it also runs in a browser.
 * One text for one value: a foreign letter, padding, or trailing bits that are not zero make it undefined.
 */
export function decodeBase64url(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) return undefined
  const unused = UNUSED_BITS[text.length % 4] ?? 0
  if ((ALPHABET.indexOf(text.slice(-1)) & unused) !== 0) return undefined
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  const bytes = new Uint8Array(binary.length)
  for (let index = 0; index < binary.length; index += 1) bytes[index] = binary.charCodeAt(index)
  return bytes
}

export function encodeBase64url(bytes: Uint8Array): string {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
