/**
 * Which secp256k1 signs for the Colonies client? Measures the CPU time of one signature: @noble/curves, which the client
 * uses, against the same bytes made from node:crypto alone (HMAC nonce, OpenSSL's curve point, BigInt for s).
 *
 * Run: npx node bench/colonies/signatures.ts [rounds]
 */

import { createECDH, createHash, createHmac } from 'node:crypto'
import { sha3_256 } from '@noble/hashes/sha3.js'
import { generatePrivateKey, recoverIdentity, sign } from '../../src/colonies/index.ts'

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

const toInteger = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
const toHex = (value: bigint): string => value.toString(16).padStart(64, '0')
const hmac = (key: Uint8Array, ...parts: Uint8Array[]): Buffer => {
  const mac = createHmac('sha256', key)
  for (const part of parts) mac.update(part)
  return mac.digest()
}

const invert = (value: bigint): bigint => {
  let [a, b, x, y] = [value, ORDER, 1n, 0n]
  while (b !== 0n) {
    const quotient = a / b
    ;[a, b] = [b, a - quotient * b]
    ;[x, y] = [y, x - quotient * y]
  }
  return ((x % ORDER) + ORDER) % ORDER
}

/** RFC 6979 with a 256-bit digest: the candidates for the nonce, of which the first nearly always serves. */
function* nonces(digest: Buffer, key: Uint8Array): Generator<Buffer> {
  const reduced = Buffer.from(toHex(toInteger(digest) % ORDER), 'hex')
  let mac: Buffer = Buffer.alloc(32)
  let value: Buffer = Buffer.alloc(32, 1)
  for (const separator of [0, 1]) {
    mac = hmac(mac, value, Buffer.from([separator]), key, reduced)
    value = hmac(mac, value)
  }
  for (;;) {
    value = hmac(mac, value)
    const candidate = toInteger(value)
    if (candidate > 0n && candidate < ORDER) yield value
    mac = hmac(mac, value, Buffer.from([0]))
    value = hmac(mac, value)
  }
}

const signWithNode = (payload: string, key: Uint8Array): string => {
  const digest = createHash('sha3-256').update(payload).digest()
  for (const nonce of nonces(digest, key)) {
    const curve = createECDH('secp256k1')
    curve.setPrivateKey(nonce)
    const point = curve.getPublicKey()
    const x = toInteger(point.subarray(1, 33))
    const r = x % ORDER
    const s = (invert(toInteger(nonce)) * (toInteger(digest) + r * toInteger(key))) % ORDER
    if (r === 0n || s === 0n) continue
    const odd = (point[64] ?? 0) & 1
    const high = s > ORDER / 2n
    const recovery = (odd ^ (high ? 1 : 0)) | (x >= ORDER ? 2 : 0)
    return toHex(r) + toHex(high ? ORDER - s : s) + recovery.toString(16).padStart(2, '0')
  }
  throw new Error('unreachable: the candidates do not end')
}

const rounds = Number(process.argv[2] ?? 1000)
const key = generatePrivateKey()
const payloads = Array.from({ length: rounds }, (_, n) =>
  Buffer.from(`{"msgtype":"assignprocessmsg","n":${n}}`).toString('base64'),
)

for (const payload of payloads.slice(0, 200)) {
  if (sign(payload, key) !== signWithNode(payload, key)) throw new Error('the two do not agree')
}

/** CPU time of one call in microseconds, median of five passes. */
const measure = (run: (payload: string) => unknown): number => {
  for (const payload of payloads.slice(0, 200)) run(payload)
  const passes = Array.from({ length: 5 }, () => {
    const start = process.cpuUsage()
    for (const payload of payloads) run(payload)
    const { user, system } = process.cpuUsage(start)
    return (user + system) / payloads.length
  })
  return passes.sort((a, b) => a - b)[2] ?? Number.NaN
}

const signature = sign(payloads[0] ?? '', key)
const megabytes = 'a'.repeat(7_000_000)
const rows: readonly (readonly [string, number])[] = [
  ['sign, @noble/curves (in use)', measure((payload) => sign(payload, key))],
  ['sign, node:crypto and BigInt', measure((payload) => signWithNode(payload, key))],
  ['recover identity, @noble/curves (in use)', measure(() => recoverIdentity(payloads[0] ?? '', signature))],
  ['SHA3 of 60 bytes, node:crypto (in use)', measure((payload) => createHash('sha3-256').update(payload).digest())],
  ['SHA3 of 60 bytes, @noble/hashes', measure((payload) => sha3_256(Buffer.from(payload)))],
]

const once = (run: () => unknown): number => {
  const startMs = performance.now()
  run()
  return (performance.now() - startMs) * 1000
}
const largeRows: typeof rows = [
  ['SHA3 of 7 MB, node:crypto (in use)', once(() => createHash('sha3-256').update(megabytes).digest())],
  ['SHA3 of 7 MB, @noble/hashes', once(() => sha3_256(Buffer.from(megabytes)))],
]

console.log(`${rounds} rounds, median of five passes, CPU microseconds; 200 of 200 signatures equal`)
for (const [name, us] of [...rows, ...largeRows]) console.log(`${name.padEnd(44)}${us.toFixed(1).padStart(12)}`)
