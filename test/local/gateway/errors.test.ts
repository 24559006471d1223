import { afterAll, beforeAll, expect, test } from 'vitest'
import { adminQuery } from '../../support/index.ts'
import { createFixture, type Fixture } from './fixture.ts'

let it: Fixture

beforeAll(async () => {
  it = await createFixture()
  await adminQuery(it.database.url, 'insert into public.parents values (1)')
})

afterAll(() => it.close())

test.each([
  ['08006', 503],
  ['09000', 500],
  ['0L000', 403],
  ['0P000', 403],
  ['21000', 500],
  ['22000', 400],
  ['22P02', 400],
  ['23502', 400],
  ['23503', 409],
  ['23505', 409],
  ['23514', 400],
  ['25001', 500],
  ['25006', 405],
  ['28000', 403],
  ['2D000', 500],
  ['38000', 500],
  ['39000', 500],
  ['3B000', 500],
  ['40001', 500],
  ['40P01', 500],
  ['42501', 403],
  ['42601', 400],
  ['42703', 400],
  ['42883', 404],
  ['42P01', 404],
  ['42P17', 500],
  ['53000', 503],
  ['53300', 503],
  ['53400', 500],
  ['54000', 500],
  ['55000', 500],
  ['55P03', 500],
  ['57014', 500],
  ['57P01', 503],
  ['57P03', 500],
  ['58000', 500],
  ['58030', 500],
  ['F0000', 500],
  ['HV000', 500],
  ['P0001', 400],
  ['P0002', 500],
  ['P0003', 500],
  ['PT402', 402],
  ['PT503', 503],
  ['PTXYZ', 500],
  ['XX000', 500],
  ['ZZ999', 400],
])('SQLSTATE %s is HTTP %i, with all four fields', async (state, status) => {
  const answer = await it.rpc('raise_state', { state })
  expect(answer).toMatchObject({ status })
  expect(answer.json).toEqual({ code: state, message: 'raised on purpose', details: 'the detail', hint: 'the hint' })
  expect(answer.headers.get('retry-after')).toBe(status === 503 ? '1' : null)
})

test.each([
  ['insert into public.parents values (1)', '23505', 409],
  ['insert into public.children values (1, 99, 1)', '23503', 409],
  ['insert into public.children values (1, null, 1)', '23502', 400],
  ['insert into public.children values (1, 1, 0)', '23514', 400],
  ['select 1 / 0', '22012', 400],
  ['select * from public.no_such_table', '42P01', 404],
  ['select public.no_such_function()', '42883', 404],
  ['selekt', '42601', 400],
  ['select (select n from (values (1), (2)) as v (n))', '21000', 500],
  // A deferred constraint fails at the commit itself.
  ['insert into public.deferred_children values (99)', '23503', 409],
])('%s', async (sql, code, status) => {
  expect(await it.rpc('run', { sql })).toMatchObject({ status, json: { code } })
})

test('after an error the same connection serves the next call', async () => {
  const one = await createFixture({ poolSize: 1 })
  try {
    for (const sql of ['select 1 / 0', 'insert into public.deferred_children values (99)', 'selekt']) {
      expect((await one.rpc('run', { sql })).status).toBeGreaterThanOrEqual(400)
      expect(await one.rpc('add_effect', { n: sql.length })).toMatchObject({ status: 200 })
    }
    expect(await one.effects()).toHaveLength(3)
  } finally {
    await one.close()
  }
})

test('an error undoes everything that the call did', async () => {
  const answer = await it.rpc('run', { sql: 'insert into public.effects values (41); select 1 / 0' })
  expect(answer.status).toBe(400)
  expect(await it.effects()).not.toContain(41)
})

test('42501 is 401 for anon and 403 for others', async () => {
  expect(await it.rpc('raise_state', { state: '42501' }, it.gateway.keys.anon)).toMatchObject({ status: 401 })
  expect(await it.rpc('raise_state', { state: '42501' }, it.gateway.keys.authenticated)).toMatchObject({ status: 403 })
})

test("a raised 'PGRST' is the whole answer", async () => {
  const answer = await it.rpc('raise_reply')
  expect(answer).toMatchObject({
    status: 418,
    json: { code: 'mine', message: 'own words', details: 'd', hint: 'h' },
  })
  expect(answer.headers.get('x-tea')).toBe('pot')
  expect(await it.rpc('raise_reply_badly')).toMatchObject({ status: 500, json: { code: 'PGRST121' } })
})
