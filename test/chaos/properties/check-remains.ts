import { appliedType } from '../../../bees/finance/event-types.ts'
import { canonicalJson } from '../../../src/canonical.ts'
import type { World, WorldEvent } from '../../../src/local/stripe/index.ts'
import { type ActualRows, compare, type Oracle, type OracleOptions, oracle, type TableName } from '../../world/index.ts'
import { checkOrder } from './check-order.ts'
import type { Remains, Row } from './recorder.ts'
import type { Ended } from './run-process.ts'

const tableNames: readonly TableName[] = [
  'customers',
  'checkout_sessions',
  'subscriptions',
  'subscription_items',
  'invoices',
  'invoice_payments',
  'payment_intents',
  'charges',
  'refunds',
  'disputes',
  'credit_notes',
]

export interface Expected {
  readonly world: World
  /** Every event that has arrived, or was looked up later; once or more. */
  readonly delivered: readonly WorldEvent[]
  readonly ended: readonly Ended[]
  readonly plans?: OracleOptions['plans']
  readonly policies?: OracleOptions['policies']
}

/** What a history has to leave. @returns what is wrong, a line each; empty when nothing is */
export function checkRemains(remains: Remains, expected: Expected): readonly string[] {
  const { world, delivered, plans, policies } = expected
  const right = oracle(world, { delivered, plans, policies })
  return [
    ...compare(actualRows(remains), right),
    ...checkMoney(remains, right),
    ...checkOrder(remains.written, world),
    ...checkEvents(remains.tables['events'] ?? [], delivered),
    ...checkLedger(remains, expected.ended),
  ]
}

function actualRows({ tables }: Remains): ActualRows {
  const of = (name: string) => (tables[name] ?? []).map(readable)
  return {
    tables: Object.fromEntries(tableNames.map((name) => [name, of(name)])) as unknown as ActualRows['tables'],
    entitlements: of('user_profiles'),
    payments: of('payment_nets'),
  }
}

/** Times as the oracle writes them. */
const readable = (row: Row): Row =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?[+Z]/.test(value)
        ? new Date(value).toISOString()
        : value,
    ]),
  )

/** To the cent, in each currency: what all payments together are worth. */
function checkMoney({ tables }: Remains, right: Oracle): readonly string[] {
  const sumsOf = (rows: readonly Row[]) => {
    const sums = new Map<string, bigint>()
    for (const row of rows) {
      const name = `${row['account']} ${row['livemode']} ${row['currency']}`
      sums.set(name, (sums.get(name) ?? 0n) + BigInt(Number(row['amount_net'])))
    }
    return [...sums]
      .filter(([, sum]) => sum !== 0n)
      .map(([name, sum]) => `${name} ${sum}`)
      .toSorted()
  }
  const actual = sumsOf(tables['payment_nets'] ?? [])
  const expected = sumsOf(right.payments as unknown as readonly Row[])
  return canonicalJson(actual) === canonicalJson(expected)
    ? []
    : [`sums of money: expected ${expected.join(', ')}; received ${actual.join(', ')}`]
}

/** One row for each event, twins together; in a state that fits. */
function checkEvents(rows: readonly Row[], delivered: readonly WorldEvent[]): readonly string[] {
  const nameOf = (of: { readonly account: unknown; readonly livemode: unknown; readonly id: unknown }) =>
    `${of.account} ${of.livemode} ${of.id}`
  const wanted = new Map(delivered.map((event) => [nameOf(event), event]))
  const problems: string[] = []
  for (const row of rows) {
    const { account, livemode, id, state, waits_for: waitsFor, type } = row
    const name = nameOf({ account, livemode, id })
    const event = wanted.get(name)
    const line = `event ${name} (${type}): ${state}${waitsFor === null ? '' : `, waits for ${waitsFor}`}`
    if (event === undefined) {
      // What reconciliation found is no event of Stripe's.
      if (row['form'] !== 'synthetic') problems.push(`${line}: there is no such event, or it is there twice`)
      continue
    }
    wanted.delete(name)
    const applies = event.kind !== null && appliedType(event.type) !== undefined
    if (applies === (state === 'ignored'))
      problems.push(`${line}: ignored is ${applies ? 'wrong' : 'what it should be'}`)
    if (state === 'parked' && waitsFor === 'stripe') problems.push(`${line}: Stripe is well`)
  }
  return [...problems, ...[...wanted.keys()].map((name) => `event ${name}: was delivered and is not there`)]
}

/** No step of a process twice, no step of a business key twice, no process that ended without a row. */
function checkLedger({ ledger }: Remains, ended: readonly Ended[]): readonly string[] {
  const problems: string[] = []
  const seen = new Set<string>()
  for (const { process, task, key, step } of ledger) {
    for (const name of [`process ${process} step ${step}`, ...(key === null ? [] : [`${task} ${key} step ${step}`])]) {
      if (seen.has(name)) problems.push(`ledger: ${name} is there twice`)
      seen.add(name)
    }
  }
  const processes = new Set(ledger.map(({ process }) => process))
  const keys = new Set(ledger.map(({ key }) => key))
  const outputs = new Map<string, string>()
  for (const { process, key, output } of ended) {
    if (!processes.has(process) && !keys.has(key)) problems.push(`ledger: process ${process} ended and has no row`)
    if (key === null) continue
    const text = canonicalJson(output)
    if ((outputs.get(key) ?? text) !== text) problems.push(`${key}: two processes ended with different results`)
    outputs.set(key, text)
  }
  return problems
}
