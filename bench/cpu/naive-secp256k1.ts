/**
 * secp256k1 signatures as a straightforward implementation makes them: BigInt, double-and-add without tables, inverses
 * by Euclid. The baseline of the CPU row; never for real keys.
 */
import { createHash, createHmac } from 'node:crypto'

const PRIME = 2n ** 256n - 2n ** 32n - 977n
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

interface Jacobian {
  readonly x: bigint
  readonly y: bigint
  readonly z: bigint
}

const generator: Jacobian = {
  x: 0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798n,
  y: 0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8n,
  z: 1n,
}
const infinity: Jacobian = { x: 1n, y: 1n, z: 0n }

const reduce = (value: bigint, modulus: bigint): bigint => ((value % modulus) + modulus) % modulus

function invert(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [reduce(value, modulus), modulus, 1n, 0n]
  while (b !== 0n) {
    const quotient = a / b
    ;[a, b] = [b, a - quotient * b]
    ;[x, y] = [y, x - quotient * y]
  }
  return reduce(x, modulus)
}

function double(point: Jacobian): Jacobian {
  if (point.z === 0n) return point
  const yy = (point.y * point.y) % PRIME
  const s = (4n * point.x * yy) % PRIME
  const m = (3n * point.x * point.x) % PRIME
  const x = reduce(m * m - 2n * s, PRIME)
  return { x, y: reduce(m * (s - x) - 8n * yy * yy, PRIME), z: (2n * point.y * point.z) % PRIME }
}

function add(p: Jacobian, q: Jacobian): Jacobian {
  if (p.z === 0n) return q
  if (q.z === 0n) return p
  const [pzz, qzz] = [(p.z * p.z) % PRIME, (q.z * q.z) % PRIME]
  const [u, v] = [(p.x * qzz) % PRIME, (q.x * pzz) % PRIME]
  const [s, t] = [(p.y * qzz * q.z) % PRIME, (q.y * pzz * p.z) % PRIME]
  if (u === v) return s === t ? double(p) : infinity
  const [h, r] = [reduce(v - u, PRIME), reduce(t - s, PRIME)]
  const hh = (h * h) % PRIME
  const hhh = (h * hh) % PRIME
  const w = (u * hh) % PRIME
  const x = reduce(r * r - hhh - 2n * w, PRIME)
  return { x, y: reduce(r * (w - x) - s * hhh, PRIME), z: (h * p.z * q.z) % PRIME }
}

function multiply(scalar: bigint): { readonly x: bigint; readonly y: bigint } {
  let result = infinity
  let power = generator
  for (let rest = scalar; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = add(result, power)
    power = double(power)
  }
  const inverse = invert(result.z, PRIME)
  const square = (inverse * inverse) % PRIME
  return { x: (result.x * square) % PRIME, y: (result.y * square * inverse) % PRIME }
}

const integerOf = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
const hexOf = (value: bigint): string => value.toString(16).padStart(64, '0')

/** RFC 6979; the first candidate nearly always serves. */
function nonceOf(digest: bigint, key: Uint8Array): bigint {
  const message = Buffer.from(hexOf(reduce(digest, ORDER)), 'hex')
  let mac: Buffer = Buffer.alloc(32)
  let value: Buffer = Buffer.alloc(32, 1)
  const hmac = (...parts: Uint8Array[]): Buffer => createHmac('sha256', mac).update(Buffer.concat(parts)).digest()
  for (const separator of [0, 1]) {
    mac = hmac(value, Buffer.of(separator), key, message)
    value = hmac(value)
  }
  return integerOf(hmac(value))
}

/** The signature of a Colonies message: r, s and the recovery id in hex, over SHA3-256 of the text. */
export function naiveSign(payload: string, key: Uint8Array): string {
  const digest = integerOf(createHash('sha3-256').update(payload).digest())
  const nonce = nonceOf(digest, key)
  const point = multiply(nonce)
  const r = reduce(point.x, ORDER)
  const s = reduce(invert(nonce, ORDER) * (digest + r * integerOf(key)), ORDER)
  const high = s > ORDER / 2n
  const recovery = Number(point.y & 1n) ^ (high ? 1 : 0)
  return hexOf(r) + hexOf(high ? ORDER - s : s) + recovery.toString(16).padStart(2, '0')
}
