import { isDeepStrictEqual } from 'node:util'
import type { Kind, World, WorldEvent } from '../../src/local/stripe/index.ts'
import { expectedEntitlements, userOf } from './expected-entitlement.ts'
import { expectedPayments } from './expected-money.ts'
import { itemRow, rows, tables } from './expected-rows.ts'
import { promisedTypes } from './promised-types.ts'
import type { ExpectedRow, Oracle, OracleOptions, Row, TableName } from './types.ts'

/**
 * What the database must hold once everything that has arrived was handled: computed from the world's objects, without
 * the bee's code or SQL. Entitlements and payments are those of the whole world, as after a reconciliation.
 */
export function oracle(world: World, options: OracleOptions = {}): Oracle {
  const told = lastTold(options.delivered ?? world.events())
  const final = world.final()
  const expected: { [T in TableName]?: ExpectedRow[] } = {}
  const of = (table: TableName): ExpectedRow[] => {
    const list = expected[table] ?? []
    expected[table] = list
    return list
  }
  for (const kind of Object.keys(tables) as Kind[]) {
    for (const object of final[kind]) {
      const row = rows[kind](object as never)
      const more = kind === 'customer' ? { user_id: userOf(final, object.id) } : {}
      of(tables[kind]).push({
        account: object.account,
        livemode: object.livemode,
        id: object.id,
        kind,
        row: { ...row, ...more },
        // Of a deleted draft a thin event alone has nothing to tell: Stripe does not know it any more.
        required: told.has(object.id) && row['status'] !== 'deleted',
        alternatives: alternatives(world, kind, object.id, told.get(object.id)).map((one) => ({ ...one, ...more })),
      })
    }
  }
  // No rows for items of subscriptions that nobody has told of; those are not required either.
  for (const subscription of final.subscription) {
    for (const item of subscription.items) {
      const { account, livemode, id } = subscription
      of('subscription_items').push({
        account,
        livemode,
        id: item.id,
        kind: 'subscription',
        row: itemRow(item, subscription),
        required: told.has(id),
        alternatives: world
          .versions('subscription', id)
          .slice(firstPossible(world.versions('subscription', id), told.get(id)))
          .flatMap(({ object }) => object.items.filter((one) => one.id === item.id).map((one) => itemRow(one, object))),
      })
    }
  }
  return {
    tables: Object.fromEntries(
      [...Object.values(tables), 'subscription_items' as const].map((table) => [table, of(table)]),
    ) as unknown as Oracle['tables'],
    entitlements: expectedEntitlements(world, options),
    payments: expectedPayments(world),
  }
}

/** When a promised event last told of each object. */
function lastTold(events: readonly WorldEvent[]): ReadonlyMap<string, number> {
  const told = new Map<string, number>()
  for (const { type, object, atMs } of events) {
    if (object === null || !promisedTypes.has(type)) continue
    told.set(object, Math.max(atMs, told.get(object) ?? Number.NEGATIVE_INFINITY))
  }
  return told
}

/** The state that the last event told, and those that nobody told of afterwards: a read may have shown any of them. */
function alternatives(world: World, kind: Kind, id: string, toldMs: number | undefined): readonly Row[] {
  const versions = world.versions(kind, id)
  const possible = versions.slice(firstPossible(versions, toldMs)).map(({ object }) => rows[kind](object as never))
  return possible.filter((row, index) => possible.findIndex((other) => isDeepStrictEqual(other, row)) === index)
}

function firstPossible(versions: readonly { readonly fromMs: number }[], toldMs = Number.NEGATIVE_INFINITY): number {
  return Math.max(
    0,
    versions.findLastIndex(({ fromMs }) => fromMs <= toldMs),
  )
}
