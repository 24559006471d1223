/** The attacker is a member of the colony (may hand in anything, signs nothing) or a trusted submitter gone bad. */

import { describe, expect, test } from 'vitest'
import { scrubber } from '../../src/bee/index.ts'
import { verifyReceipt } from '../../src/trust/index.ts'
import { submitRaw } from '../fleet/test-fleet.ts'
import { useHive } from '../fleet/use-hive.ts'

describe('a member of the colony', () => {
  const { around } = useHive('all')

  test.each([
    ['a function name that is cut within a character', `${'x'.repeat(255)}😀${'y'.repeat(50)}`],
    ['a function name of 100 000 characters', 'z'.repeat(100_000)],
    ['a function name of control characters', '\u001b[2J\n\r'],
  ])('cannot keep a hive busy with %s: closed once, with a receipt', async (_name, funcname) => {
    const { processid } = await submitRaw(around(), {}, funcname)
    const final = await around().submitter.waitFor(processid, { timeoutMs: 15_000 })
    expect(final.state).toBe('failed')
    expect(final.errors[0]).toMatch(/^BEE_TASK_UNKNOWN: /)
    expect(final.errors[0]).not.toContain('\u001b')
    expect(final.process.retries).toBe(0)
    expect(verifyReceipt(final.receipt ?? '', [around().receiptKey.trusted()], { process: processid }).ok).toBe(true)
  })
})

describe('the scrubber, given more than it can look for', () => {
  const numbers = (count: number) => Array.from({ length: count }, (_, index) => String(1_000_000 + index * 7))

  test('neither throws (the error would quote every value) nor lets the text through', () => {
    const hide = scrubber(numbers(100_000))
    expect(hide('paid with 1000007')).toBe('[sensitive]')
  })

  test('does not block on a long row of digits', () => {
    const hide = scrubber(numbers(5000))
    const digits = '1'.repeat(20_000)
    const startMs = performance.now()
    expect(hide(`${digits} 1000007`)).toBe(`${digits} [sensitive]`)
    // It took half a minute when every number was tried at every digit.
    expect(performance.now() - startMs).toBeLessThan(3000)
  })
})
