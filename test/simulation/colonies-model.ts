import type { Json } from '../../src/canonical.ts'
import { ColoniesError, type ColoniesErrorKind } from '../../src/colonies/index.ts'
import { EPOCH_MS, type Scheduler } from './scheduler.ts'

export type State = 0 | 1 | 2 | 3 | 4

/** One process as the server has it. */
export interface ModelProcess {
  readonly id: string
  /** Short, for the trace. */
  readonly label: string
  readonly task: string
  readonly kwargs: { readonly [key: string]: Json }
  readonly maxExecS: number
  readonly maxRetries: number
  readonly submittedMs: number
  state: State
  executor: string
  retries: number
  starttime: string | null
  deadlineMs: number
  out: readonly Json[]
  errors: readonly string[]
  /** Every assignment that there was: executor, retries, start. */
  readonly assignments: { readonly executor: string; readonly retries: number; readonly starttime: string }[]
}

interface ModelExecutor {
  readonly id: string
  readonly name: string
  readonly type: string
  state: 'pending' | 'approved' | 'removed'
  heardMs: number
}

interface Waiter {
  readonly executor: string
  readonly answer: (found: ModelProcess | ColoniesError) => void
}

export interface ColoniesModel {
  isUp: boolean
  /** Assigns are refused. */
  paused: boolean
  readonly processes: ReadonlyMap<string, ModelProcess>
  readonly open: number
  /** Virtual milliseconds, as in the deadlines. */
  readonly nowMs: number
  submit(process: Pick<ModelProcess, 'id' | 'label' | 'task' | 'kwargs' | 'maxExecS' | 'maxRetries'>): void
  cancel(id: string): void
  strikeOff(executorId: string): void
  executorsUp(): readonly string[]
  /** Whether it was struck off at some time, even when somebody has approved it again. */
  wasStruckOff(executorId: string): boolean
  addExecutor(executor: Pick<ModelExecutor, 'id' | 'name' | 'type'>): void
  /** Approves whoever was struck off. */
  approveAll(): void
  approveExecutor(name: string): void
  removeExecutor(name: string): void
  findExecutor(id: string): ModelExecutor
  functionsOf(executorName: string): readonly { readonly funcname: string }[]
  addFunction(executorName: string, funcname: string): void
  /** @throws ColoniesError */
  heartbeat(id: string): void
  assign(executor: string, timeoutS: number, answer: Waiter['answer']): void
  close(executor: string, id: string, out: readonly Json[]): void
  fail(executor: string, id: string, errors: readonly string[]): void
  get(id: string): ModelProcess
  running(executor: string): readonly ModelProcess[]
}

export interface ColoniesWatch {
  /** Just before the server takes a close that ends a process. */
  readonly onClose: (process: ModelProcess, out: readonly Json[]) => void
  readonly onFail: (process: ModelProcess, errors: readonly string[]) => void
}

const RELEASE_MS = 1_000
/** Executors that have not asked for work for so long are struck off. */
const STALE_MS = 150_000

export const refusal = (kind: ColoniesErrorKind, msgtype: string): ColoniesError =>
  new ColoniesError(kind, { msgtype, outcome: 'not_applied' })

/** A Colonies server in memory: who may take what, when it is taken back, and what a late close does. */
export function createColoniesModel(scheduler: Scheduler, watch: ColoniesWatch): ColoniesModel {
  const processes = new Map<string, ModelProcess>()
  const executors = new Map<string, ModelExecutor>()
  const { random } = scheduler
  const functions: { readonly name: string; readonly funcname: string }[] = []
  let waiters: readonly Waiter[] = []
  let assigned = 0
  let sweeping = false
  let up = true
  let paused = false

  const approved = (id: string): boolean =>
    [...executors.values()].some((executor) => executor.id === id && executor.state === 'approved')
  const hear = (id: string): void => {
    for (const executor of executors.values()) if (executor.id === id) executor.heardMs = scheduler.nowMs
  }

  const require = (id: string, executor: string, msgtype: string): ModelProcess => {
    const process = processes.get(id)
    if (process === undefined) throw refusal('failed', msgtype)
    if (!approved(executor) || process.executor !== executor) throw refusal('forbidden', msgtype)
    return process
  }

  const giveTo = (process: ModelProcess, executor: string): void => {
    assigned += 1
    const nowMs = EPOCH_MS + scheduler.nowMs
    // Go writes more digits than JavaScript reads; no two assignments have the same.
    const digits = String(assigned % 1_000).padStart(3, '0')
    process.starttime = new Date(nowMs).toISOString().replace('Z', `${digits}Z`)
    process.state = 1
    process.executor = executor
    process.deadlineMs = scheduler.nowMs + process.maxExecS * 1_000
    process.assignments.push({ executor, retries: process.retries, starttime: process.starttime })
    sweepLater()
  }

  /** Somebody who waits is woken; whoever comes in between is quicker, and the woken one goes on waiting. */
  const wake = (): void => {
    if (waiters.length === 0 || paused) return
    scheduler.after(random.next() * 2, 'broker wakes a waiter', () => {
      const free = [...processes.values()].filter(({ state }) => state === 0)
      const [process] = free
      if (process === undefined || waiters.length === 0 || !up || paused) return
      const chosen = random.pick(waiters)
      waiters = waiters.filter((waiter) => waiter !== chosen)
      giveTo(process, chosen.executor)
      chosen.answer({ ...process })
      if (free.length > 1) wake()
    })
  }

  const requeue = (process: ModelProcess): void => {
    process.state = 0
    process.executor = ''
    wake()
  }

  const struckOff = new Set<string>()
  const strikeOff = (id: string): void => {
    struckOff.add(id)
    for (const executor of executors.values()) if (executor.id === id) executor.state = 'removed'
    for (const process of processes.values()) {
      if (process.state !== 1 || process.executor !== id) continue
      // The count stays as it is, the start is forgotten.
      process.starttime = null
      requeue(process)
    }
  }

  const sweep = (): void => {
    sweeping = false
    const overdue = [...processes.values()].filter((one) => one.state === 1 && one.deadlineMs < scheduler.nowMs)
    for (const process of up ? overdue : []) {
      if (process.retries >= process.maxRetries) {
        process.state = 3
        process.errors = ['Maximum execution time limit exceeded']
        continue
      }
      // Several servers do this at once, and each of them counts.
      process.retries += random.boolean(0.2) ? random.integer(2, 3) : 1
      requeue(process)
    }
    for (const { id, state, heardMs } of executors.values()) {
      if (up && state === 'approved' && heardMs < scheduler.nowMs - STALE_MS) strikeOff(id)
    }
    if ([...processes.values()].some(({ state }) => state === 1)) sweepLater()
  }
  const sweepLater = (): void => {
    if (sweeping) return
    sweeping = true
    scheduler.after(RELEASE_MS, 'broker looks at limits', sweep)
  }

  return {
    get isUp() {
      return up
    },
    set isUp(next) {
      up = next
      if (up) return
      // A server that goes down takes its long polls along.
      for (const { answer } of waiters)
        answer(new ColoniesError('unavailable', { msgtype: 'assign', outcome: 'unknown' }))
      waiters = []
    },
    get paused() {
      return paused
    },
    set paused(next) {
      paused = next
      if (!next) wake()
    },
    processes,
    get nowMs() {
      return scheduler.nowMs
    },
    get open() {
      return [...processes.values()].filter(({ state }) => state < 2).length
    },
    submit(spec) {
      const { nowMs: submittedMs } = scheduler
      const fresh = { state: 0 as State, executor: '', retries: 0, starttime: null, deadlineMs: 0 }
      processes.set(spec.id, { ...spec, submittedMs, ...fresh, out: [], errors: [], assignments: [] })
      wake()
    },
    cancel(id) {
      const process = processes.get(id)
      if (process !== undefined && process.state < 2) process.state = 4
    },
    strikeOff,
    wasStruckOff: (id) => struckOff.has(id),
    executorsUp: () => [...executors.values()].flatMap(({ id, state }) => (state === 'approved' ? [id] : [])),
    addExecutor(executor) {
      if (executors.has(executor.name)) throw refusal('rejected', 'addexecutor')
      executors.set(executor.name, { ...executor, state: 'pending', heardMs: scheduler.nowMs })
    },
    approveExecutor(name) {
      const executor = executors.get(name)
      if (executor === undefined) throw refusal('failed', 'approveexecutor')
      executor.state = 'approved'
      executor.heardMs = scheduler.nowMs
    },
    approveAll() {
      for (const executor of executors.values()) {
        if (executor.state !== 'approved') executor.heardMs = scheduler.nowMs
        executor.state = 'approved'
      }
    },
    removeExecutor(name) {
      const executor = executors.get(name)
      if (executor === undefined) throw refusal('failed', 'removeexecutor')
      strikeOff(executor.id)
    },
    findExecutor(id) {
      const found = [...executors.values()].find((executor) => executor.id === id && executor.state === 'approved')
      if (found === undefined) throw refusal('forbidden', 'getexecutorbyid')
      return found
    },
    functionsOf: (name) => functions.filter((each) => each.name === name),
    addFunction: (name, funcname) => void functions.push({ name, funcname }),
    heartbeat(id) {
      if (!approved(id)) throw refusal('forbidden', 'assign')
      hear(id)
    },
    assign(executor, timeoutS, answer) {
      hear(executor)
      if (!approved(executor)) return answer(refusal('forbidden', 'assign'))
      if (paused) return answer(refusal('paused', 'assign'))
      const process = [...processes.values()].find(({ state }) => state === 0)
      if (process !== undefined && timeoutS > 0) {
        giveTo(process, executor)
        return answer({ ...process })
      }
      const waiter: Waiter = { executor, answer }
      const end = (): void => {
        if (timeoutS > 0 && !waiters.includes(waiter)) return
        waiters = waiters.filter((other) => other !== waiter)
        answer(refusal('no_process', 'assign'))
      }
      if (timeoutS <= 0) return end()
      waiters = [...waiters, waiter]
      // Now and then a wake-up finds the process gone, which ends the poll early.
      const untilMs = timeoutS * 1_000 * (random.boolean(0.05) ? random.next() : 1)
      scheduler.after(untilMs, 'broker ends a poll', end)
    },
    close(executor, id, out) {
      const process = require(id, executor, 'closesuccessful')
      if (process.state > 2) {
        process.out = out
        throw refusal('rejected', 'closesuccessful')
      }
      watch.onClose(process, out)
      process.state = 2
      process.out = out
    },
    fail(executor, id, errors) {
      const process = require(id, executor, 'closefailed')
      if (process.state !== 1) throw refusal('rejected', 'closefailed')
      watch.onFail(process, errors)
      process.state = 3
      process.errors = errors
    },
    get(id) {
      const process = processes.get(id)
      if (process === undefined) throw refusal('not_found', 'getprocess')
      return process
    },
    running: (executor) =>
      [...processes.values()].filter((process) => process.state === 1 && process.executor === executor),
  }
}
