import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { digestOf } from '../../src/canonical.ts'
import type { DeadLetter, DeadLetterHead, DeadLetterPlace, Ledger, NewRedrive } from '../../src/ledger/index.ts'
import { type GatewayLedger, gatewayLedger, within } from './gateway-ledger.ts'
import { hex } from './ledger-database.ts'

let around: GatewayLedger
let ledger: Ledger
beforeAll(async () => {
  around = await gatewayLedger()
  ledger = around.open()
})
afterAll(() => around.close())

const budget = () => within(5_000)
const letter = (id: string, payload: object = { event: { id } }): DeadLetter => ({
  source: 'stripe',
  id,
  code: 'BEE_INPUT_INVALID',
  payload_digest: digestOf(payload),
  payload: JSON.parse(JSON.stringify(payload)),
})
const statement = () => `${'a'.repeat(20)}.${hex(40)}.${'b'.repeat(86)}`
const redriveOf = (of: DeadLetter, over: Partial<NewRedrive> = {}): NewRedrive => ({
  ...{ colony: 'dev', kind: 'letter', source: of.source, subject: of.id, digest: of.payload_digest },
  ...{ process: hex(), kid: 'some-key', statement: statement() },
  ...over,
})

describe('dead letters', () => {
  beforeEach(async () => {
    await around.admin.query('delete from bees.dead_letters')
  })

  test('come page by page, newest first, each once, without payloads', async () => {
    const ids = Array.from({ length: 25 }, (_, index) => `evt_${String(index).padStart(2, '0')}`)
    for (const id of ids) await ledger.deadLetter(letter(id), budget())
    // Several of one moment: the place between two pages is exact all the same.
    await around.admin.query(`update bees.dead_letters set stored_at = '2026-01-01T00:00:00Z' where id < 'evt_10'`)
    const seen: DeadLetterHead[] = []
    let before: DeadLetterPlace | null = null
    for (;;) {
      const page: readonly DeadLetterHead[] = await ledger.deadLetters({ limit: 4, before }, budget())
      seen.push(...page)
      before = page.at(-1) ?? null
      if (before === null) break
    }
    expect(seen.map(({ id }) => id).sort()).toEqual(ids)
    expect(seen.slice(0, 15).every(({ id }) => id >= 'evt_10')).toBe(true)
    const times = seen.map(({ stored_at }) => Date.parse(stored_at))
    expect(times).toEqual([...times].sort((a, b) => b - a))
    expect(seen[0]).not.toHaveProperty('payload')
  })

  test('are read one by one with what was stored; other bytes under one id stay beside each other', async () => {
    const first = letter('evt_1', { event: { id: 'evt_1', amount: 1 } })
    const second = letter('evt_1', { event: { id: 'evt_1', amount: 2 } })
    await ledger.deadLetter(first, budget())
    await ledger.deadLetter(second, budget())
    const found = await ledger.readDeadLetter('stripe', 'evt_1', budget())
    expect(found.map(({ payload }) => digestOf(payload)).sort()).toEqual(
      [first.payload_digest, second.payload_digest].sort(),
    )
    expect(await ledger.readDeadLetter('stripe', 'evt_2', budget())).toEqual([])
  })
})

describe('a redrive', () => {
  const one = letter(`evt_${hex(4)}`)
  beforeAll(() => ledger.deadLetter(one, budget()))

  test('is recorded once, and found again by what it was about, in its colony', async () => {
    const redrive = redriveOf(one)
    const again = redriveOf(one)
    await ledger.recordRedrive(redrive, budget())
    await ledger.recordRedrive(redrive, budget())
    await ledger.recordRedrive(again, budget())
    const failed = hex()
    const ofProcess = redriveOf(one, { kind: 'process', source: '', subject: failed })
    await ledger.recordRedrive(ofProcess, budget())
    const subject = { kind: 'letter', source: one.source, subject: one.id } as const
    const found = await ledger.redrives('dev', [subject], budget())
    const { colony: _colony, ...told } = again
    expect(found.map(({ process }) => process)).toEqual([again.process, redrive.process])
    expect(found[0]).toMatchObject(told)
    const process = { kind: 'process', source: '', subject: failed } as const
    expect(await ledger.redrives('dev', [subject, process], budget())).toHaveLength(3)
    expect(await ledger.redrives('other', [subject, process], budget())).toEqual([])
    expect(await ledger.redrives('dev', [], budget())).toEqual([])
  })

  test('of a letter that is not there, or of other bytes, is not recorded', async () => {
    for (const over of [{ subject: 'evt_none' }, { digest: 'a'.repeat(64) }, { source: 'other' }])
      await expect(ledger.recordRedrive(redriveOf(one, over), budget())).rejects.toMatchObject({
        code: 'BEE_DEAD_NOT_FOUND',
      })
  })

  test('cannot take over the process of another redrive', async () => {
    const two = letter(`evt_${hex(4)}`)
    await ledger.deadLetter(two, budget())
    const redrive = redriveOf(one)
    await ledger.recordRedrive(redrive, budget())
    await expect(ledger.recordRedrive(redriveOf(two, { process: redrive.process }), budget())).rejects.toMatchObject({
      code: 'BEE_TRANSACTION_REFUSED',
    })
  })
})

describe('calls that are wrong in form', () => {
  const record = { v: 1, op: 'record_redrive', ...redriveOf(letter('evt')) }
  const place = { stored_at: '2026-01-01T00:00:00Z', source: 's', id: 'i', payload_digest: 'd' }
  test.each([
    [{ v: 1, op: 'dead_letters', limit: 0, before: null }, 'limit'],
    [{ v: 1, op: 'dead_letters', limit: 101, before: null }, 'limit'],
    [{ v: 1, op: 'dead_letters', limit: 10 }, 'before'],
    [{ v: 1, op: 'dead_letters', limit: 10, before: { ...place, stored_at: 'now' } }, 'before.stored_at'],
    [{ v: 1, op: 'dead_letters', limit: 10, before: { ...place, id: 7 } }, 'before'],
    [{ v: 1, op: 'dead_letters', limit: 10, before: 'yesterday' }, 'before'],
    [{ v: 1, op: 'dead_letter_read', source: 'X', id: 'i' }, 'source'],
    [{ v: 1, op: 'dead_letter_read', source: 's' }, 'id'],
    [{ ...record, colony: '' }, 'colony'],
    [{ ...record, kind: 'wish' }, 'kind'],
    [{ ...record, kind: 'process' }, 'source'],
    [{ ...record, kind: 'process', source: '', subject: 'evt' }, 'subject'],
    [{ ...record, source: '' }, 'source'],
    [{ ...record, subject: '' }, 'subject'],
    [{ ...record, digest: 'x' }, 'digest'],
    [{ ...record, process: 'direct:x' }, 'process'],
    [{ ...record, kid: 'a b' }, 'kid'],
    [{ ...record, statement: 'none' }, 'statement'],
    [{ ...record, statement: `${statement()}.x` }, 'statement'],
    [{ ...record, statement: `${'a'.repeat(9000)}.b.${'b'.repeat(86)}` }, 'statement'],
    [{ v: 1, op: 'redrives', colony: 'dev' }, 'subjects'],
    [{ v: 1, op: 'redrives', colony: 'dev', subjects: [{ kind: 'letter', source: 's' }] }, 'subjects: subject'],
    [{ v: 1, op: 'redrives', colony: 'dev', subjects: [null] }, 'subjects: kind'],
    [{ v: 1, op: 'redrives', colony: 'dev', subjects: Array(301).fill({}) }, 'subjects'],
    [{ v: 1, op: 'redrives', subjects: [] }, 'colony'],
  ])('%j', async (call, field) => {
    const before = await around.count('bees.redrives')
    await expect(around.call(call)).rejects.toMatchObject({
      code: '22023',
      message: expect.stringContaining(`bee_execute: ${field}`),
    })
    expect(await around.count('bees.redrives')).toBe(before)
  })
})
