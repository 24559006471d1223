import { describe, expect, it } from 'vitest'
import { ReceiptChain, verifyChain, verifyReceipt } from '../../src/trust/index.ts'
import { digest, draft, keyNamed, NOW_MS } from './fixtures.ts'

const hive = keyNamed('hive')
const keys = [hive.trusted()]
const chainOf = (executor: string, last?: { seq: number; digest: string }) =>
  new ReceiptChain({ key: hive, colony: 'hive', executor, now: () => NOW_MS, last })
const chain = chainOf('one')
const receipts = Array.from({ length: 5 }, (_, index) => chain.sign({ ...draft, process: digest(`process ${index}`) }))
const [first, second, third, fourth, fifth] = receipts.map(({ jws }) => jws) as [string, string, string, string, string]

const findings = (jws: readonly string[], options = {}) => {
  const verdict = verifyChain(jws, keys, options)
  return verdict.ok ? [] : verdict.findings.map(({ code, message }) => `${code} ${message}`)
}

describe('the receipts of one executor', () => {
  it('follow each other', () => {
    expect(receipts.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5])
    expect(receipts.map(({ previous }) => previous)).toEqual([
      null,
      ...receipts.slice(0, 4).map(({ digest }) => digest),
    ])
    expect(findings([first, second, third, fourth, fifth])).toEqual([])
    expect(findings([])).toEqual([])
  })

  it('can be looked at in part only when asked for', () => {
    expect(findings([third, fourth], { part: true })).toEqual([])
    expect(findings([third, fourth])[0]).toMatch(
      /^BEE_RECEIPT_CHAIN_BROKEN receipt 1 of 2: expected seq 1, received seq 3/,
    )
  })

  it.each([
    [
      'a missing one',
      [first, second, fourth, fifth],
      /^BEE_RECEIPT_CHAIN_BROKEN receipt 3 of 4: expected seq 3, received seq 4/,
    ],
    ['two exchanged', [first, third, second, fourth, fifth], /receipt 2 of 5: expected seq 2, received seq 3/],
    ['one twice', [first, second, second, third], /receipt 3 of 4: expected seq 3, received seq 2/],
    ['a forged one', [first, `${second.slice(0, -3)}AAA`, third], /^BEE_RECEIPT_(SIGNATURE|MALFORMED) receipt 2 of 3/],
  ])('show %s', (_, jws, message) => {
    expect(findings(jws)[0]).toMatch(message)
  })

  it('show a receipt that was exchanged for another genuine one', () => {
    const rewritten = chainOf('one', { seq: 1, digest: receipts[0]?.digest ?? '' }).sign(draft)
    expect(verifyReceipt(rewritten.jws, keys).ok).toBe(true)
    const broken = findings([first, rewritten.jws, third])
    expect(broken).toHaveLength(1)
    expect(broken[0]).toContain(`the receipt before it has the digest ${rewritten.digest}`)
  })

  it('do not mix with those of another executor', () => {
    const other = chainOf('two', { seq: 1, digest: receipts[0]?.digest ?? '' }).sign(draft)
    expect(findings([first, other.jws])[0]).toContain('expected executor one of hive, received two of hive')
  })

  it('go on after the last one of an earlier life', () => {
    const last = receipts[4]
    const next = chainOf('one', { seq: last?.seq ?? 0, digest: last?.digest ?? '' }).sign(draft)
    expect(findings([fifth, next.jws], { part: true })).toEqual([])
  })
})
