import type { SimHive, World } from './hive.ts'
import type { Order } from './orders.ts'

/** What must hold when everything is over. */
export function checkEnd(
  { broker, database, checks }: World,
  orders: ReadonlyMap<string, Order>,
  hives: readonly SimHive[],
): void {
  const { effects, rows, receipts } = database
  const times = new Map<string, number>()
  for (const { mark } of effects) times.set(mark, (times.get(mark) ?? 0) + 1)
  for (const [mark, count] of times) if (count > 1) checks.problem(`${mark} has happened ${count} times`)

  const succeeded = new Set<string>()
  for (const process of broker.processes.values()) {
    const order = orders.get(process.id)
    if (order === undefined || process.state !== 2) continue
    succeeded.add(order.marks[0] ?? '')
    for (const mark of order.marks) if (!times.has(mark)) checks.problem(`${order.label} succeeded without ${mark}`)
  }
  for (const order of orders.values()) {
    const process = broker.processes.get(order.id)
    const stopped = process?.state === 4 || process?.errors[0]?.startsWith('Maximum') === true
    const lost = order.fate === 'done' && !stopped && process?.state !== 2
    // Its twin has used up the envelope, so one of the two has done it; or somebody stopped that one half-way.
    if (lost && !order.twin) checks.problem(`${order.label} (${order.task}) was lost`)
  }

  const places = new Set(rows.map(({ process, step }) => `${process} ${step}`))
  if (places.size !== rows.length) checks.problem('a step of a process has two ledger rows')
  const keys = rows.filter(({ key }) => key !== null).map(({ task, key, step }) => `${task} ${key} ${step}`)
  if (new Set(keys).size !== keys.length) checks.problem('a business key has two ledger rows')

  const ends = new Map<string, { readonly seq: number; readonly digest: string }>()
  for (const { executor, seq, previous, digest } of receipts) {
    const before = ends.get(executor)
    if (seq !== (before?.seq ?? 0) + 1 || previous !== (before?.digest ?? null))
      checks.problem(`a receipt chain breaks at ${seq}`)
    ends.set(executor, { seq, digest })
  }
  for (const { computer, fleet } of hives) {
    if (!computer.isAlive) continue
    const [bee] = fleet.status().bees
    if (bee !== undefined && bee.state !== 'stopped') checks.problem(`${computer.name} ended as ${bee.state}`)
  }
}
