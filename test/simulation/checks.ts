import type { Json } from '../../src/canonical.ts'
import type { FleetDrain } from '../../src/fleet/index.ts'
import type { TransactionCall } from '../../src/ledger/index.ts'
import type { ColoniesModel, ModelProcess } from './colonies-model.ts'
import type { ExecuteModel } from './execute-model.ts'
import { nameOfAssignment, type SimHive } from './hive.ts'
import type { Order } from './orders.ts'
import { simBee } from './sim-bee.ts'

/** What must hold at every moment of a history. */
export interface Checks {
  readonly problems: readonly string[]
  problem(text: string): void
  /** An open poll begins. */
  polls(hive: SimHive, executor: string): void
  pollEnds(hive: SimHive, executor: string): void
  /** A handler begins. */
  begins(hive: SimHive, task: string, process: string, signal: AbortSignal): () => void
  /** A while after the troubles: nothing may lie with a hive that has room and does not know of it. */
  forgotten(hives: readonly SimHive[]): void
  /** A hive has stopped. */
  drained(hive: SimHive, result: FleetDrain, graceMs: number): void
  /** The database is about to commit. */
  commits(call: TransactionCall): void
  closes(process: ModelProcess, out: readonly Json[]): void
  fails(process: ModelProcess, errors: readonly string[]): void
}

export interface CheckedWorld {
  readonly orders: ReadonlyMap<string, Order>
  readonly broker: () => ColoniesModel
  readonly database: () => ExecuteModel
}

interface Running {
  readonly task: string
  readonly signal: AbortSignal
}

/** Beyond the grace: leaving the register, and storing the last receipts. */
const MOST_LATE_MS = 8_000

const shown = ({ label, task }: { readonly label: string; readonly task: string }): string => `${label} (${task})`

export function createChecks({ orders, broker, database }: CheckedWorld): Checks {
  const problems: string[] = []
  const openPolls = new Map<string, number>()
  const running = new Map<SimHive, Set<Running>>()

  const problem = (text: string): void => {
    if (problems.length < 20) problems.push(text)
  }

  const orderOf = (id: string): Order | undefined => orders.get(id)

  /** The receipt that a close speaks of is in the ledger before the broker hears of it. */
  const isStored = (jws: unknown): boolean => database().receipts.some((receipt) => receipt.jws === jws)

  return {
    problems,
    problem,
    polls(hive, executor) {
      const { name } = hive.computer
      const open = (openPolls.get(`${name} ${executor}`) ?? 0) + 1
      openPolls.set(`${name} ${executor}`, open)
      if (open > 1) problem(`${name} has ${open} polls open`)
      if (hive.ledger.breaker.state === 'open') problem(`${name} polls while the breaker is open`)
      if (hive.drained !== null) problem(`${name} polls after it has stopped`)
      const [status] = hive.fleet.status().bees
      if (status === undefined) return
      const { busy, total, waiting, stuck } = status.slots
      if (busy >= total) problem(`${name} polls without a free slot`)
      const probing = hive.ledger.breaker.state === 'half_open'
      if (probing && stuck === 0 && busy + waiting > 0) problem(`${name} takes more while its breaker tries one`)
    },
    pollEnds({ computer }, executor) {
      const name = `${computer.name} ${executor}`
      openPolls.set(name, (openPolls.get(name) ?? 0) - 1)
    },
    begins(hive, task, process, signal) {
      const { name } = hive.computer
      const here = running.get(hive) ?? new Set()
      running.set(hive, here)
      const one: Running = { task, signal }
      here.add(one)
      // Whoever ignores its signal has lost its slot to somebody else.
      const obedient = [...here].filter((other) => !other.signal.aborted)
      if (obedient.length > simBee.slots) problem(`${name} runs ${obedient.length} handlers in ${simBee.slots} slots`)
      const limit = simBee.tasks.get(task)?.concurrency
      const alike = [...here].filter((other) => other.task === task)
      if (limit !== undefined && alike.length > limit) problem(`${name} runs ${task} ${alike.length} times at once`)
      if (hive.drained !== null) problem(`${name} begins ${task} after it has stopped`)
      const { clock } = hive.computer
      const beganMs = clock.monotonicMs()
      return () => {
        here.delete(one)
        const tookMs = clock.monotonicMs() - beganMs
        const limitMs = (orderOf(process)?.maxExecS ?? 0) * 1_000
        if (tookMs > limitMs && !signal.aborted && !hive.computer.wasFrozen)
          problem(`${name} let ${task} run for ${tookMs} ms`)
      }
    },
    forgotten(hives) {
      const up = new Set(broker().executorsUp())
      for (const hive of hives) {
        const { isAlive, isFrozen, name } = hive.computer
        const [status] = hive.fleet.status().bees
        if (!isAlive || isFrozen || hive.stopsAtMs !== null || status === undefined) continue
        for (const executor of hive.executors) {
          for (const process of broker().running(executor)) {
            // Without room it does not poll, and so does not hear what has become of it.
            if (status.slots.busy >= status.slots.total) continue
            const hasHandler = orderOf(process.id)?.fate === 'done'
            if (hasHandler && !hive.begun.has(process.id)) problem(`${name} does not work on ${shown(process)}`)
            if (!up.has(executor)) problem(`${name} left ${shown(process)} with an identity that was struck off`)
          }
        }
      }
    },
    drained(hive, result, graceMs) {
      const { name } = hive.computer
      // An identity that was struck off cannot close anything, and is not told why.
      const good = [...hive.executors].filter((executor) => !broker().wasStruckOff(executor))
      const held = good.flatMap((executor) => broker().running(executor))
      // Of what it has never heard of (the reply of the poll was lost) it cannot speak.
      // What is past its limit goes back in any case, as soon as the broker is there to look.
      const known = held.filter(
        ({ id, starttime, deadlineMs }) =>
          deadlineMs > broker().nowMs && hive.told.has(nameOfAssignment(id, starttime)),
      )
      if (result.exitCode === 0) {
        for (const process of known) problem(`${name} says that all is given back, but holds ${shown(process)}`)
      }
      if (!hive.computer.wasFrozen && result.durationMs > graceMs + MOST_LATE_MS) {
        problem(`${name} took ${Math.round(result.durationMs)} ms to stop, with ${graceMs} ms of grace`)
      }
    },
    commits(call) {
      const { process, executor, fence } = call
      const found = broker().processes.get(process)
      const made = found?.assignments.some(
        (one) => one.executor === executor && one.retries === fence.retries && one.starttime === fence.starttime,
      )
      if (made !== true) problem(`a transaction of ${process.slice(-4)} names an assignment that never was`)
      if (orderOf(process)?.fate === 'refused') problem(`${process.slice(-4)} was to be refused and had an effect`)
    },
    closes(process, out) {
      const order = orderOf(process.id)
      if (order === undefined) return
      const { result, receipt } = (out[0] ?? {}) as { result?: Json; receipt?: Json }
      if (order.fate === 'refused') problem(`${shown(order)} was closed as done`)
      const { effects } = database()
      for (const mark of order.marks) {
        if (!effects.some((effect) => effect.mark === mark))
          problem(`${shown(order)} was closed before ${mark} was committed`)
      }
      if (!isStored(receipt)) problem(`${shown(order)} was closed before its receipt was stored`)
      const expected = order.marks.map((mark) => effects.findIndex((effect) => effect.mark === mark) + 1)
      if (JSON.stringify(result) !== JSON.stringify({ effects: expected })) {
        problem(`${shown(order)} was closed with ${JSON.stringify(result)}, expected effects ${expected.join(', ')}`)
      }
    },
    fails(process, errors) {
      const order = orderOf(process.id)
      if (order === undefined) return
      const receipt = errors.find((text) => text.startsWith('receipt: '))?.slice('receipt: '.length)
      if (!isStored(receipt)) problem(`${shown(order)} was failed before its receipt was stored`)
      const twin = order.twin && errors[0]?.startsWith('BEE_ENVELOPE_REPLAYED') === true
      if (order.fate === 'done' && !twin) problem(`${shown(order)} was failed: ${errors[0]}`)
    },
  }
}
