import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createDatabase, type TestDatabase } from '../support/index.ts'
import { type CrashColony, type CrashSite, openCrashSite } from './crash-matrix/site.ts'

let database: TestDatabase
let site: CrashSite
let colony: CrashColony
let colonies = 0

beforeAll(async () => {
  database = await createDatabase()
  site = await openCrashSite(database.url)
  for (const table of ['ledger', 'receipts']) await site.admin.query(`alter table bees.${table} disable trigger all`)
})
beforeEach(async () => {
  colonies += 1
  colony = await site.colony(`invariants-${colonies}`)
  const executor = await colony.load()
  await executor.start()
  const notes = [1, 2].map((n) => `${colony.name} ${n}`)
  const ids = await Promise.all(notes.map((note) => colony.submit('steps', { note })))
  await colony.ended(ids)
  await executor.close()
})
afterAll(async () => {
  await site?.close()
  await database?.drop()
})

/** As only the superuser can do it: past the triggers that keep the ledger append-only. */
async function plant(...statements: readonly string[]): Promise<void> {
  for (const sql of statements) await site.admin.query(sql.replaceAll('$colony', `'${colony.name}'`))
}

const first = `(select processid from colonies.processes where colonyname = $colony order by submissiontime limit 1)`

it('finds nothing where nothing is wrong', async () => {
  expect(await colony.check()).toEqual([])
})

it.each([
  [
    'a doubled effect',
    [
      `insert into crash.effects (colony, process, step, task, note)
      select colony, process, step, task, note from crash.effects where process = ${first} and step = 2`,
    ],
    /step 2 of process \w+: 2 effects and a ledger row/,
  ],
  ['a lost effect', [`delete from crash.effects where process = ${first} and step = 1`], /0 effects and a ledger row/],
  [
    'an effect without its ledger row',
    [`delete from bees.ledger where process = ${first} and step = 2`],
    /no ledger row/,
  ],
  ['a process that still runs', [`update colonies.processes set state = 1 where processid = ${first}`], /is running/],
  [
    'another result',
    [`update colonies.processes set out = replace(out, '"read for', '"not for') where processid = ${first}`],
    /BEE_RECEIPT_MISMATCH/,
  ],
  [
    'a close without a receipt',
    [`update colonies.processes set out = '[{}]' where processid = ${first}`],
    /without a receipt/,
  ],
  [
    'a receipt that is gone',
    [`delete from bees.receipts where colony = $colony and seq = 1`],
    /BEE_RECEIPT_CHAIN_BROKEN[\s\S]*|not in the ledger/,
  ],
  [
    'another output in the ledger',
    [`update bees.ledger set output = '{"row":0}' where process = ${first} and step = 1`],
    /is not what it signed/,
  ],
  [
    'a step twice',
    [
      'alter table bees.ledger drop constraint if exists ledger_process_step',
      `insert into bees.ledger (colony, process, step, bee, task, key, input_digest, schema_hash, executor, retries, starttime, output)
       select colony, process, step, bee, task, key, input_digest, schema_hash, executor, retries, starttime, output
       from bees.ledger where process = ${first} and step = 1`,
    ],
    /a step is in the ledger twice/,
  ],
  ['a row of nobody', [`delete from colonies.processes where processid = ${first}`], /without a process at the broker/],
  [
    'a fence that was set back',
    [`update bees.processes set retries = -1, starttime = '-infinity' where process = ${first}`],
    /a ledger row without its fence/,
  ],
])('sees %s', async (_name, statements, line) => {
  await plant(...statements)
  expect((await colony.check()).join('\n')).toMatch(line)
})
