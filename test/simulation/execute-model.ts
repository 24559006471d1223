import type { Json } from '../../src/canonical.ts'
import { compareFences } from '../../src/fleet/compare-fences.ts'
import type { Answer, LedgerRow, StoredReceipt, TransactionCall } from '../../src/ledger/index.ts'
import { createLocks } from './locks.ts'
import { EPOCH_MS, type Scheduler } from './scheduler.ts'

/** One effect that was committed. */
export interface Effect {
  readonly mark: string
  readonly process: string
  readonly step: number
  readonly task: string
  readonly key: string | null
}

interface ProcessRow {
  retries: number
  starttime: string
  executor: string
  revoked: boolean
}

export interface ExecuteModel {
  isUp: boolean
  readonly rows: readonly LedgerRow[]
  readonly receipts: readonly StoredReceipt[]
  readonly effects: readonly Effect[]
  /** One call of bee_execute. It is carried out and answered whatever becomes of the caller. */
  serve(call: Readonly<Record<string, unknown>>, reply: (answer: Answer) => void): void
  /** Ends every transaction that has not committed. */
  killAll(): void
}

/** Before a transaction commits: whether the assignment that it names is one that the broker made. */
export type CommitWatch = (call: TransactionCall) => void

const LOCK_TIMEOUT_MS = 1_000

class Killed extends Error {}
class Refused extends Error {
  readonly sqlstate: string
  constructor(sqlstate: string) {
    super(sqlstate)
    this.sqlstate = sqlstate
  }
}

const answer = (status: number, data: unknown, code?: string): Answer => ({
  status,
  code,
  json: true,
  data,
  retryAfterMs: undefined,
})

/** bee_execute in memory: its tables, its locks, its order of checks, and the time that each part takes. */
export function createExecuteModel(scheduler: Scheduler, onCommit: CommitWatch): ExecuteModel {
  const { random } = scheduler
  const processes = new Map<string, ProcessRow>()
  const nonces = new Map<string, string>()
  const rows: LedgerRow[] = []
  const receipts: StoredReceipt[] = []
  const effects: Effect[] = []
  const locks = createLocks(scheduler)
  let era = 0

  const stamp = (): string => new Date(EPOCH_MS + scheduler.nowMs).toISOString()

  /** A piece of work inside a transaction; it may be the last one. */
  const work = async (mine: number): Promise<void> => {
    await scheduler.sleep(0.1 + random.next() ** 6 * 800, 'database works')
    if (mine !== era) throw new Killed()
  }
  const lock = async (name: string, owner: object, mine: number): Promise<void> => {
    const held = await locks.acquire(name, owner, LOCK_TIMEOUT_MS)
    if (mine !== era) throw new Killed()
    if (!held) throw new Refused('55P03')
  }

  const reply = (call: TransactionCall, outcome: string, row?: LedgerRow) => ({
    v: 1,
    outcome,
    process: call.process,
    step: call.step,
    ...(row === undefined ? {} : { ledger_id: row.ledger_id, output: row.output, committed_at: row.committed_at }),
  })

  const replayed = (call: TransactionCall, done: LedgerRow, withTask: boolean) => {
    const same = done.input_digest === call.input_digest && (!withTask || done.task === call.task)
    return same ? reply(call, 'replayed', done) : reply(call, 'input_mismatch')
  }

  /** In the order of the SQL. Nothing is written before the end, where all of it is written at once. */
  const execute = async (call: TransactionCall, owner: object, mine: number): Promise<unknown> => {
    const { process, step, fence, executor, nonce, key, task } = call
    await lock(`process ${process}`, owner, mine)
    const seen = processes.get(process)
    const order = seen === undefined ? 1 : compareFences(fence, seen)
    const moveFence = (): void => {
      if (seen?.revoked === true || order < 0 || (order === 0 && seen !== undefined)) return
      processes.set(process, { ...fence, executor, revoked: false })
    }
    if (seen !== undefined) {
      const done = rows.find((row) => row.process === process && row.step === step)
      if (done !== undefined) {
        moveFence()
        return replayed(call, done, true)
      }
      if (seen.revoked) return reply(call, 'revoked')
      if (order < 0 || (order === 0 && executor !== seen.executor)) return reply(call, 'fenced')
    }
    if (nonce !== null) {
      await lock(`nonce ${nonce.nonce}`, owner, mine)
      const usedBy = nonces.get(nonce.nonce)
      if (usedBy !== undefined && usedBy !== process) {
        moveFence()
        return reply(call, 'nonce_replayed')
      }
    }
    const useUp = (): void => {
      moveFence()
      if (nonce !== null) nonces.set(nonce.nonce, process)
    }
    if (key !== null) {
      await lock(`key ${task} ${key}`, owner, mine)
      const done = rows.find((row) => row.task === task && row.key === key && row.step === step)
      if (done !== undefined) {
        useUp()
        return replayed(call, done, false)
      }
    }
    const { mark } = call.payload as { mark: string }
    if (mark.startsWith('refused')) throw new Refused('P0001')
    await work(mine)
    onCommit(call)
    useUp()
    effects.push({ mark, process, step, task, key })
    const row: LedgerRow = {
      ...{ process, step, bee: call.bee, task, key, executor, fence },
      ledger_id: String(rows.length + 1),
      input_digest: call.input_digest,
      schema_hash: call.schema_hash,
      output: { effect: effects.length } as Json,
      committed_at: stamp(),
    }
    rows.push(row)
    return reply(call, 'applied', row)
  }

  const storeReceipts = (batch: readonly StoredReceipt[]): unknown => {
    const heads = new Map<string, StoredReceipt>()
    for (const receipt of receipts) heads.set(receipt.executor, receipt)
    const fresh: StoredReceipt[] = []
    for (const [index, receipt] of batch.entries()) {
      if (receipts.some(({ digest }) => digest === receipt.digest)) continue
      const head = heads.get(receipt.executor)
      if (receipt.seq !== (head?.seq ?? 0) + 1 || receipt.previous !== (head?.digest ?? null)) {
        const found = head === undefined ? null : { seq: head.seq, digest: head.digest }
        return { v: 1, outcome: 'chain_gap', index, executor: receipt.executor, head: found }
      }
      heads.set(receipt.executor, receipt)
      fresh.push(receipt)
    }
    receipts.push(...fresh)
    return { v: 1, outcome: 'stored', received: batch.length }
  }

  const perform = async (op: string, call: Record<string, unknown>, owner: object, mine: number): Promise<unknown> => {
    await work(mine)
    switch (op) {
      case 'execute':
        return execute(call as unknown as TransactionCall, owner, mine)
      case 'store_receipts': {
        await lock('receipts', owner, mine)
        await work(mine)
        return storeReceipts(call['receipts'] as readonly StoredReceipt[])
      }
      case 'receipt_head': {
        const executor = String(call['executor'])
        const head = receipts.findLast((receipt) => receipt.executor === executor)
        return {
          v: 1,
          outcome: 'head',
          executor,
          head: head === undefined ? null : { seq: head.seq, digest: head.digest },
        }
      }
      case 'revoke': {
        const process = String(call['process'])
        await lock(`process ${process}`, owner, mine)
        const seen = processes.get(process)
        const none = { retries: 0, starttime: '1970-01-01T00:00:00Z', executor: 'direct' }
        processes.set(process, { ...(seen ?? none), revoked: true })
        return { v: 1, outcome: 'revoked', process, revoked_at: stamp() }
      }
      case 'read': {
        const process = String(call['process'])
        const own = rows.filter((row) => row.process === process)
        const revoked = processes.get(process)?.revoked === true
        return { v: 1, outcome: 'read', process, revoked, rows: own, receipts: [], keys: [] }
      }
      default:
        throw new Error(`the model has no operation ${op}`)
    }
  }

  return {
    isUp: true,
    rows,
    receipts,
    effects,
    serve({ op, ...call }, reply) {
      const owner = {}
      const mine = era
      perform(String(op), call, owner, mine).then(
        (data) => {
          locks.releaseAll(owner)
          reply(answer(200, data))
        },
        (thrown: unknown) => {
          locks.releaseAll(owner)
          if (thrown instanceof Refused)
            return reply(answer(thrown.sqlstate === 'P0001' ? 400 : 500, undefined, thrown.sqlstate))
          if (thrown instanceof Killed) return reply(answer(500, undefined, '57P01'))
          throw thrown
        },
      )
    },
    killAll() {
      era += 1
      locks.forget()
    },
  }
}
