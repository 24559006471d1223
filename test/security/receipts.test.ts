/** The attacker writes to the database with the API key, or hands a forged file to an auditor. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { digestOf, sha256 } from '../../src/canonical.ts'
import { verifyProcess } from '../../src/cli/verify-process.ts'
import type { ReadReply, StoredReceipt } from '../../src/ledger/index.ts'
import { jwksOf, ReceiptChain, verifyReceipt, verifyReceiptPortable } from '../../src/trust/index.ts'
import { hex, type LedgerDatabase, ledgerDatabase, transactionCall } from '../ledger/ledger-database.ts'
import { runBees } from '../support/hive.ts'
import { draft, keyNamed, NOW_MS, signedToken } from '../trust/fixtures.ts'

const hiveKey = keyNamed('hive')
const thief = keyNamed('thief')
const colony = 'test-colony'

let ledger: LedgerDatabase
beforeAll(async () => {
  ledger = await ledgerDatabase()
})
afterAll(() => ledger.close())

/** A process that ran as it should: its row, and a genuine receipt that names it. */
async function genuine(
  over: { readonly colony?: string; readonly key?: typeof hiveKey; readonly process?: string } = {},
) {
  const { key = hiveKey } = over
  const call = transactionCall({ executor: hex(), ...(over.process === undefined ? {} : { process: over.process }) })
  const done = await ledger.execute(call)
  const id = done.ledger_id ?? ''
  const chain = new ReceiptChain({ key, colony: over.colony ?? colony, executor: call.executor, now: () => NOW_MS })
  const signed = chain.sign({
    ...{ ...draft, process: call.process, fence: call.fence, bee: call.bee, task: call.task },
    ...{ input: call.input_digest, ledger: [{ id, step: 1, output: digestOf(done.output) }] },
  })
  const { jws, digest, kid, seq, previous } = signed
  const stored: StoredReceipt = {
    ...{ digest, colony, process: call.process, executor: call.executor, seq, previous, kid, jws },
    ...{ outcome: 'applied', ledger_ids: [id] },
  }
  return { call, stored, id }
}

const store = (...receipts: readonly StoredReceipt[]) => ledger.call({ v: 1, op: 'store_receipts', receipts })
const read = async (process: string) =>
  (await ledger.call({ v: 1, op: 'read', colony, process })) as unknown as ReadReply
const codesOf = (verdict: { readonly findings: readonly { readonly code: string }[] }) =>
  verdict.findings.map(({ code }) => code)
const held = { colony, heldKeys: [hiveKey.trusted()] }

describe('bees verify <process>', () => {
  test('believes what is genuine, and says whose key it was', async () => {
    const { call, stored } = await genuine()
    await store(stored)
    const verdict = verifyProcess(await read(call.process), held)
    expect(verdict).toMatchObject({ ok: true, signers: [{ kid: hiveKey.kid, source: 'held' }] })
  })

  test('finds a row that was written without a hive, although the process has a good receipt', async () => {
    const { call, stored } = await genuine()
    await store(stored)
    const forged = await ledger.execute({ ...call, step: 2 })
    expect(forged.outcome).toBe('applied')
    const verdict = verifyProcess(await read(call.process), held)
    expect(verdict.ok).toBe(false)
    expect(verdict.findings[0]?.message).toContain(`ledger row ${forged.ledger_id} (step 2): no receipt speaks of it`)
  })

  test('refuses a genuine receipt of another colony, whose direct processes have the same id', async () => {
    const process = `direct:${hex()}`
    const { stored } = await genuine({ colony: 'staging', process })
    await store(stored)
    expect(codesOf(verifyProcess(await read(process), held))).toEqual(['BEE_RECEIPT_MISMATCH'])
  })

  test("refuses another process's genuine receipt", async () => {
    const other = await genuine()
    const mine = await genuine()
    await store({ ...other.stored, process: mine.call.process })
    expect(codesOf(verifyProcess(await read(mine.call.process), held))).toContain('BEE_RECEIPT_MISMATCH')
  })

  test.each([
    ['executor', { executor: hex() }],
    ['outcome', { outcome: 'failed' as const }],
  ])('refuses a receipt whose %s the ledger tells otherwise', async (_name, lie) => {
    const { call, stored } = await genuine()
    await store({ ...stored, ...lie })
    expect(codesOf(verifyProcess(await read(call.process), held))).toEqual(['BEE_RECEIPT_MISMATCH'])
  })

  test('a database that offers its own key under the id of ours is not believed', async () => {
    const { call, stored } = await genuine({ key: thief })
    const [head, claims] = stored.jws.split('.')
    const header = JSON.stringify({ ...JSON.parse(Buffer.from(head ?? '', 'base64url').toString()), kid: hiveKey.kid })
    const jws = signedToken(header, Buffer.from(claims ?? '', 'base64url').toString(), thief)
    const lying: ReadReply = {
      ...(await read(call.process)),
      receipts: [{ ...stored, kid: hiveKey.kid, digest: sha256(jws), jws }],
      keys: [
        { kid: hiveKey.kid, x: thief.publicJwk.x, use: 'receipt', not_before: '2020-01-01T00:00:00Z', not_after: null },
      ],
    }
    expect(codesOf(verifyProcess(lying, held))).toEqual(['BEE_RECEIPT_SIGNATURE'])
    expect(codesOf(verifyProcess(lying, { colony }))).toEqual(['BEE_RECEIPT_KEY_UNKNOWN'])
  })

  test("a thief's published key makes receipts that verify, but not as ours and not with --keys", async () => {
    const { call, stored } = await genuine({ key: thief })
    const key = { kid: thief.kid, x: thief.publicJwk.x, use: 'receipt', not_before: '2020-01-01T00:00:00Z' }
    await ledger.call({ v: 1, op: 'publish_key', ...key, not_after: null })
    await store(stored)
    const reply = await read(call.process)
    expect(verifyProcess(reply, held)).toMatchObject({ ok: true, signers: [{ source: 'ledger' }] })
    expect(codesOf(verifyProcess({ ...reply, keys: [] }, held))).toEqual(['BEE_RECEIPT_KEY_UNKNOWN'])
  })
})

describe('a receipt has one text', () => {
  test('a signature with the scalar moved by the order is refused everywhere', async () => {
    const { stored } = await genuine()
    const [head, claims, tail] = stored.jws.split('.')
    const signature = Buffer.from(tail ?? '', 'base64url')
    const order = 2n ** 252n + 27742317777372353535851937790883648493n
    const scalar = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`) + order
    const moved = Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex').reverse()
    const twin = `${head}.${claims}.${Buffer.concat([signature.subarray(0, 32), moved]).toString('base64url')}`
    for (const verify of [verifyReceipt, verifyReceiptPortable]) {
      expect(verify(stored.jws, [hiveKey.trusted()])).toMatchObject({ ok: true })
      expect(codesOf(verify(twin, [hiveKey.trusted()]) as never)).toEqual(['BEE_RECEIPT_SIGNATURE'])
    }
  })
})

describe('a receipt of the most ledger rows that a process may have', () => {
  test('is not too long to be verified', () => {
    const chain = new ReceiptChain({ key: hiveKey, colony, executor: hex(), now: () => NOW_MS })
    const ledgerRow = (step: number) => ({ id: String(10 ** 15 + step), step, output: hex() })
    const { jws } = chain.sign({ ...draft, ledger: Array.from({ length: 1000 }, (_, index) => ledgerRow(index + 1)) })
    for (const verify of [verifyReceipt, verifyReceiptPortable])
      expect(verify(jws, [hiveKey.trusted()])).toMatchObject({ ok: true })
  })
})

describe("an auditor's terminal", () => {
  test('shows nothing that a forged receipt wants to paint there', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bees-receipts-'))
    const chained = new ReceiptChain({ key: thief, colony, executor: hex(), now: () => NOW_MS }).sign(draft)
    const paint = '\u001b[2J\r\u001b[32mvalid\u001b[0m\u202e\u009b2J'
    const claims = JSON.stringify({ v: 1, [paint]: 1 })
    const header = JSON.stringify({ alg: 'EdDSA', kid: paint, typ: 'bee-receipt+jwt' })
    await writeFile(join(folder, 'a.jws'), signedToken(header, claims, thief))
    await writeFile(
      join(folder, 'b.jws'),
      signedToken(header, JSON.stringify({ ...chained.claims, executor: paint }), thief),
    )
    await writeFile(join(folder, 'keys.json'), JSON.stringify(jwksOf([hiveKey.trusted(), thief.trusted()])))
    for (const file of ['a.jws', 'b.jws']) {
      const args = ['verify', '--receipt', join(folder, file), '--keys', join(folder, 'keys.json')]
      const { code, out, err } = await runBees(args)
      expect(code).toBe(1)
      const shown = `${out}${err}`
      expect(shown).toContain('not valid')
      expect(stripVTControlCharacters(shown)).toBe(shown)
      expect(shown).not.toMatch(/[\r\u0080-\u009f\u202e]/)
    }
    await rm(folder, { recursive: true })
  })
})
