import { describe, expect, it } from 'vitest'

import { openStore } from '../../../src/local/colonies/store.ts'
import { createEmptyDatabase } from '../../support/index.ts'

describe('a transaction', () => {
  it('that Postgres picks to break a deadlock runs again, whole', async () => {
    await using database = await createEmptyDatabase()
    const store = await openStore({ databaseUrl: database.url, schema: 'pair', poolSize: 3, extraDdl: [] })
    await store.query(`create table $schema.pair (id int primary key, steps text not null default '')`)
    await store.query(`insert into $schema.pair (id) values (1), (2)`)
    const locked = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const
    let runs = 0
    const append = `update $schema.pair set steps = steps || $2 where id = $1`
    const cross = (own: 0 | 1) =>
      store.transaction(async (transaction) => {
        runs += 1
        await transaction.query(append, [own + 1, 'a'])
        locked[own].resolve()
        await locked[own === 0 ? 1 : 0].promise
        await transaction.query(append, [2 - own, 'b'])
      })
    await Promise.all([cross(0), cross(1)])
    expect(runs).toBeGreaterThan(2)
    const rows = await store.query<{ readonly steps: string }>(`select steps from $schema.pair`)
    expect(rows.map((row) => [...row.steps].sort().join('')).sort()).toEqual(['ab', 'ab'])
    await store.close()
  })
})
