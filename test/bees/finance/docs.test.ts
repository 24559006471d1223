import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { appliedTypes } from '../../../bees/finance/event-types.ts'
import { setEntitlementPolicy } from '../../../bees/finance/set-entitlement-policy.ts'
import { adminQuery, createDatabase, type TestDatabase } from '../../support/index.ts'

const page = readFileSync(new URL('../../../docs/finance.md', import.meta.url), 'utf8')
let database: TestDatabase
beforeAll(async () => {
  database = await createDatabase()
})
afterAll(() => database.drop())

test('the page lists every event that is applied, and no other', () => {
  const listed = [...page.matchAll(/^\| (`[^|]+`) \| `[a-z_]+`(?:, `[a-z_]+`)* \|/gm)].flatMap(([, cell = '']) => {
    let stem = ''
    return [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => {
      if (name.startsWith('.')) return `${stem}${name}`
      stem = name.slice(0, name.lastIndexOf('.'))
      return name
    })
  })
  expect(listed.sort()).toEqual([...appliedTypes])
})

test('the tables that it names are there', async () => {
  const named = [...page.matchAll(/^\| `[^|]+ \| (`[a-z_]+`(?:, `[a-z_]+`)*) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([a-z_]+)`/g)].map(([, name]) => name),
  )
  expect(named.length).toBeGreaterThan(10)
  const rows = await adminQuery(
    database.url,
    `select relname from pg_class where relnamespace = 'finance'::regnamespace`,
  )
  expect(rows.map(({ relname }) => relname)).toEqual(expect.arrayContaining(named))
})

describe('its queries run', () => {
  const queries = (/```sql\n(?<sql>[\s\S]*?)```/.exec(page)?.groups?.['sql'] ?? '').split(';').map((sql) => sql.trim())
  test.each(queries.filter((sql) => sql !== '').map((sql) => [sql.split('\n')[0] ?? '', sql]))('%s', async (_, sql) => {
    expect(await adminQuery(database.url, sql)).toEqual([])
  })
})

test('its policy is one', () => {
  const [, policy = ''] = /set_entitlement_policy '([\s\S]*?)'\n/.exec(page) ?? []
  expect(setEntitlementPolicy.input.parse(JSON.parse(policy))).toMatchObject({
    account: 'self',
    dispute: 'revoke_while_open',
  })
})
