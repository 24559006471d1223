import { shapeBound } from './expected-rows.ts'
import type { ActualRows, ExpectedRow, Oracle, Row, TableName } from './types.ts'

const keyOf = ({ account, livemode, id }: Row): string => `${account} ${livemode} ${id}`

/** Differences, a line each; empty when everything is as it must be. */
export function compare(actual: ActualRows, expected: Oracle): readonly string[] {
  return [
    ...(Object.keys(expected.tables) as TableName[]).flatMap((table) =>
      compareTable(table, actual.tables[table].map(plain), expected.tables[table]),
    ),
    ...compareEntitlements(actual.entitlements.map(plain), expected),
    ...comparePayments(actual.payments.map(plain), expected),
  ]
}

function compareTable(table: TableName, actual: readonly Row[], expected: readonly ExpectedRow[]): readonly string[] {
  const there = new Map(actual.map((row) => [keyOf(row), row]))
  const wanted = new Set(expected.map((one) => keyOf({ ...one })))
  return [
    ...actual.filter((row) => !wanted.has(keyOf(row))).map((row) => `${table} ${keyOf(row)}: must not be there`),
    ...expected.flatMap((one) => {
      const row = there.get(keyOf({ ...one }))
      const name = `${table} ${keyOf({ ...one })}`
      if (row === undefined) return one.required ? [`${name}: is missing`] : []
      if (isShell(row, one)) return []
      const found = [one.row, ...one.alternatives].map((right) => differences(table, row, right))
      return found.some((list) => list.length === 0) ? [] : [`${name}: ${found[0]?.join(', ')}`]
    }),
  ]
}

/** A customer that others have spoken of, and nothing has told of itself. */
const isShell = (row: Row, { kind, required }: ExpectedRow): boolean =>
  kind === 'customer' && !required && (row['made_at'] ?? null) === null

function differences(table: TableName, row: Row, right: Row): readonly string[] {
  return Object.entries(right).flatMap(([member, value]) => {
    const is = member === 'deleted' && !('deleted' in row) ? (row['deleted_at'] ?? null) !== null : row[member]
    if (is === value) return []
    if (is === null && shapeBound[table]?.includes(member)) return []
    return [`${member} is ${JSON.stringify(is)}, must be ${JSON.stringify(value)}`]
  })
}

function compareEntitlements(actual: readonly Row[], { entitlements }: Oracle): readonly string[] {
  const userKey = (row: Row): string => `${row['account']} ${row['livemode']} ${row['user_id']}`
  const wanted = new Map(entitlements.map((one) => [userKey({ ...one }), one]))
  const there = new Set(actual.map(userKey))
  return [
    ...entitlements
      .filter((one) => one.entitled && !there.has(userKey({ ...one })))
      .map((one) => `entitlement ${userKey({ ...one })}: is missing`),
    ...actual.flatMap((row) => {
      const right = wanted.get(userKey(row))
      // Somebody whose customers are all gone.
      if (right === undefined) {
        return row['entitled'] === true ? [`entitlement ${userKey(row)}: entitled, must not be`] : []
      }
      const until = row['until'] ?? row['entitled_until'] ?? null
      const wrong = [
        ...(row['entitled'] === right.entitled ? [] : [`entitled is ${row['entitled']}`]),
        ...(row['plan'] === right.plan ? [] : [`plan is ${row['plan']}, must be ${right.plan}`]),
        ...(!right.entitled || row['status'] === right.status
          ? []
          : [`status is ${row['status']}, must be ${right.status}`]),
        ...(until === right.until ? [] : [`until is ${until}, must be ${right.until}`]),
        ...(row['flagged'] === right.flagged ? [] : [`flagged is ${row['flagged']}`]),
      ]
      return wrong.length === 0 ? [] : [`entitlement ${userKey(row)}: ${wrong.join(', ')}`]
    }),
  ]
}

const amounts = ['amount_paid', 'amount_refunded', 'amount_lost', 'amount_withheld', 'amount_net'] as const

function comparePayments(actual: readonly Row[], { payments }: Oracle): readonly string[] {
  const there = new Map(actual.map((row) => [keyOf(row), row]))
  const wanted = new Set(payments.map((one) => keyOf({ ...one })))
  return [
    // What brought nothing may be there or not: an attempt to pay is no payment.
    ...actual
      .filter((row) => !wanted.has(keyOf(row)) && amounts.some((amount) => (row[amount] ?? 0) !== 0))
      .map((row) => `payment ${keyOf(row)}: must not be there, says ${amounts.map((one) => row[one]).join(' ')}`),
    ...payments.flatMap((one) => {
      const row = there.get(keyOf({ ...one }))
      if (row === undefined) return [`payment ${keyOf({ ...one })}: is missing`]
      const wrong = [...amounts, 'currency' as const].flatMap((member) =>
        row[member] === one[member] ? [] : [`${member} is ${row[member]}, must be ${one[member]}`],
      )
      return wrong.length === 0 ? [] : [`payment ${keyOf({ ...one })}: ${wrong.join(', ')}`]
    }),
  ]
}

/** As the oracle says it: moments as text, whole numbers that came as text (bigint) as numbers. */
function plain(row: Row): Row {
  return Object.fromEntries(
    Object.entries(row).map(([member, value]) => {
      if (value instanceof Date) return [member, value.toISOString()]
      if (typeof value === 'bigint') return [member, Number(value)]
      if (typeof value !== 'string') return [member, value]
      if (/^-?\d{1,16}$/.test(value)) return [member, Number(value)]
      return /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/.test(value) ? [member, new Date(value).toISOString()] : [member, value]
    }),
  )
}
