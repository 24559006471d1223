import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type LedgerDatabase, ledgerDatabase, receiptChain, transactionCall } from './ledger-database.ts'

let ledger: LedgerDatabase
beforeAll(async () => {
  ledger = await ledgerDatabase()
  await ledger.execute(transactionCall())
  await ledger.call({ v: 1, op: 'store_receipts', receipts: receiptChain(1) })
})
afterAll(() => ledger.close())

const attacks = ['ledger', 'receipts', 'redrives'].flatMap((table) => [
  `update bees.${table} set process = process`,
  `update bees.${table} set process = process where false`,
  `delete from bees.${table}`,
  `truncate bees.${table}`,
])

describe('history does not change', () => {
  test.each(attacks)('a superuser is refused: %s', async (sql) => {
    await expect(ledger.admin.query(sql)).rejects.toMatchObject({ code: '55000' })
    expect([await ledger.count('bees.ledger'), await ledger.count('bees.receipts')]).toEqual([1, 1])
  })

  test.each(attacks)('the owner is refused: %s', async (sql) => {
    const client = await ledger.admin.connect()
    try {
      await client.query('set role bees_owner')
      await expect(client.query(sql)).rejects.toMatchObject({ code: '42501' })
      await client.query('reset role')
    } finally {
      client.release()
    }
  })

  test('a task function is refused as well, and its transaction is gone', async () => {
    await ledger.admin.query(`
      create function bee_tasks.test__forge(input jsonb, call jsonb) returns jsonb language plpgsql as $$
      begin
        insert into fixture.effects (payload) values (input);
        update bees.ledger set output = '"forged"';
        return input;
      end $$`)
    await expect(ledger.execute(transactionCall({ task: 'forge' }))).rejects.toMatchObject({ code: '42501' })
    expect(await ledger.count('fixture.effects')).toBe(1)
    expect(await ledger.count(`bees.ledger where output = '"forged"'`)).toBe(0)
  })
})
