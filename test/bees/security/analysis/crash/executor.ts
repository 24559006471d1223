/**
 * An executor that can be killed at an exact place: runs analyze_security against a gateway as a hive does, tells its parent
 * when it stands at the boundary that it was given, and goes no further.
 */
import { type Json, parseInput, type TaskContext } from '../../../../../src/bee/index.ts'
import { digestOf } from '../../../../../src/canonical.ts'
import { createLedger } from '../../../../../src/ledger/index.ts'
import { systemClock } from '../../../../../src/resilience/index.ts'
import { analysisBee } from '../analysis-bee.ts'
import type { Order } from './boundaries.ts'

process.on('message', (order: Order) => void run(order))
process.send?.({ is: 'ready' })

async function run(order: Order): Promise<void> {
  const task = analysisBee.tasks.get('analyze_security')
  if (task === undefined) throw new Error('the bee has lost its task')
  const ledger = createLedger({ url: order.url, key: order.key })
  const executor = order.executor
  const fence = { retries: order.retries, starttime: new Date().toISOString() }
  const deadlineMs = systemClock.monotonicMs() + task.deadlineMs
  const signal = AbortSignal.timeout(task.deadlineMs)
  const how = { deadlineMs, signal, retry: task.retry }
  const passed = new Map<string, number>()
  const pass = async (place: string): Promise<void> => {
    const times = (passed.get(place) ?? 0) + 1
    passed.set(place, times)
    if (place !== order.place || times !== order.time) return
    process.send?.({ is: 'at' })
    await new Promise(() => {})
  }
  const opOf = (payload: Json): string => String((payload as { readonly op?: unknown }).op)
  const context: TaskContext<unknown, unknown> = {
    input: parseInput(task, {}),
    transact: async (payload = {}, { step = 0 } = {}) => {
      const call = {
        ...{ colony: 'test', process: order.process, executor, fence, bee: 'security', task: 'analyze_security', step },
        ...{ key: null, payload, nonce: null, input_digest: digestOf({}), schema_hash: task.schemaHash },
      }
      await pass(`before ${opOf(payload)}`)
      const result = await ledger.transact(call, how)
      await pass(`after ${opOf(payload)}`)
      return result
    },
    read: async (payload) => {
      await pass(`before ${opOf(payload)}`)
      const call = { colony: 'test', process: order.process, bee: 'security', task: 'analyze_security', payload }
      const output = await ledger.query(call, how)
      await pass(`after ${opOf(payload)}`)
      return output
    },
    process: {
      ...{ submitter: null, id: order.process, colony: 'test', bee: 'security', task: 'analyze_security', executor },
      ...{ retries: order.retries, submittedAt: Date.now() },
      remainingMs: () => Math.max(0, deadlineMs - systemClock.monotonicMs()),
      ownershipLost: new AbortController().signal,
    },
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    signal,
    shuttingDown: new AbortController().signal,
    services: await analysisBee.services({}),
    clock: systemClock,
    count: () => {},
  }
  await task.run(context)
  await pass('before close')
  process.send?.({ is: 'done' })
}
