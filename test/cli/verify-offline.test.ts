import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { jwksOf, ReceiptChain, type TrustedKey } from '../../src/trust/index.ts'
import { runBees } from '../support/hive.ts'
import { digest, draft, keyNamed, NOW_MS } from '../trust/fixtures.ts'

const hive = keyNamed('hive')
const receipt = new ReceiptChain({
  key: hive,
  colony: 'hive',
  executor: digest('executor'),
  now: () => NOW_MS,
}).sign(draft)
const nowS = Math.floor(NOW_MS / 1000)

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'colony-bees-verify-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function verify(jws: string, keys: readonly TrustedKey[] | string, ...more: string[]) {
  const paths = [join(folder, 'receipt.jws'), join(folder, 'jwks.json')] as const
  await writeFile(paths[0], `${jws}\n`)
  await writeFile(paths[1], typeof keys === 'string' ? keys : JSON.stringify(jwksOf(keys)))
  // No hive, no database and no broker: whatever it needs is in the two files.
  return runBees(['verify', '--receipt', paths[0], '--keys', paths[1], ...more], { dataDir: folder })
}

describe('bees verify, offline', () => {
  it('finds a genuine receipt valid and shows what it says', async () => {
    const { code, out, err } = await verify(receipt.jws, [hive.trusted()])
    expect(err).toBe('')
    expect(out).toContain(draft.process)
    expect(out).toContain('finance/apply_stripe_event')
    expect(out.trim().split('\n').at(-1)).toBe('valid')
    expect(code).toBe(0)
  })

  it('prints the claims for machines', async () => {
    const { code, out } = await verify(receipt.jws, [hive.trusted()], '--json')
    expect(JSON.parse(out)).toMatchObject({ ok: true, findings: [], receipts: [receipt.claims] })
    expect(code).toBe(0)
  })

  it.each<[string, () => string, readonly TrustedKey[], string]>([
    ['an altered receipt', altered, [hive.trusted()], 'BEE_RECEIPT_SIGNATURE'],
    ['the key of somebody else', () => receipt.jws, [keyNamed('stranger').trusted()], 'BEE_RECEIPT_KEY_UNKNOWN'],
    [
      'a key that had ended by then',
      () => receipt.jws,
      [hive.trusted({ notBefore: nowS - 100, notAfter: nowS - 1 })],
      'BEE_RECEIPT_KEY_NOT_VALID',
    ],
    [
      'a key that was not valid yet',
      () => receipt.jws,
      [hive.trusted({ notBefore: nowS + 100 })],
      'BEE_RECEIPT_KEY_NOT_VALID',
    ],
    ['something that is no receipt', () => 'hello', [hive.trusted()], 'BEE_RECEIPT_MALFORMED'],
  ])('refuses %s', async (_, jws, keys, expected) => {
    const { code, out } = await verify(jws(), keys)
    expect(out).toContain(expected)
    expect(out.trim().split('\n').at(-1)).toBe('not valid')
    expect(code).toBe(1)
    const machine = await verify(jws(), keys, '--json')
    expect(JSON.parse(machine.out)).toMatchObject({ ok: false, findings: [{ code: expected }], receipts: [] })
    expect(machine.code).toBe(1)
  })

  it('refuses a key file that is none, and one that holds a private key', async () => {
    const none = await verify(receipt.jws, 'not JSON')
    expect(none).toMatchObject({ code: 1, out: '' })
    expect(none.err).toMatch(/^BEE_KEYS_MALFORMED: key set: expected JSON/)
    const d = 'A'.repeat(43)
    const secret = await verify(receipt.jws, JSON.stringify({ keys: [{ ...hive.publicJwk, d }] }))
    expect(secret.code).toBe(1)
    expect(secret.err).toContain('a private key')
    expect(secret.err).not.toContain(d)
  })
})

/** The same signature under other claims. */
function altered(): string {
  const [head, , signature] = receipt.jws.split('.')
  const claims = JSON.stringify({ ...receipt.claims, output: digest('better') })
  return [head, Buffer.from(claims).toString('base64url'), signature].join('.')
}
