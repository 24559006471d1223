import type { Ledger } from '../../src/ledger/index.ts'

const never = (): never => {
  throw new Error('the benchmark does not call this')
}

/** A ledger without a database: everything commits at once. */
export function memoryLedger(): Ledger {
  let ledgerId = 0
  return {
    transact: async ({ step }) => {
      ledgerId += 1
      const committedAt = new Date().toISOString()
      return { outcome: 'applied', ledgerId: String(ledgerId), step, output: { row: ledgerId }, committedAt }
    },
    query: never,
    storeReceipts: async () => undefined,
    receiptHead: async () => null,
    revoke: never,
    publishKey: never,
    keys: never,
    read: never,
    deadLetter: never,
    deadLetters: never,
    readDeadLetter: never,
    recordRedrive: never,
    redrives: never,
    breaker: { state: 'closed' },
  }
}
