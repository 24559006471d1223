import type { Json } from '../canonical.ts'
import {
  type ColoniesClient,
  ColoniesError,
  identityOf,
  type Process,
  ProcessState as states,
} from '../colonies/index.ts'
import { BeeError } from '../errors.ts'
import { type Clock, fullJitterMs } from '../resilience/index.ts'
import type { Assignment, AssignOutcome, Broker, BrokerCallOptions, BrokerFactory, ProcessState } from './broker.ts'
import { closeAtBroker } from './close-at-broker.ts'
import { type RegisteringClient, registerAtBroker } from './register-at-broker.ts'

/** What the fleet uses of a client. */
export type BrokerClient = Pick<
  ColoniesClient,
  'assign' | 'heartbeat' | 'closeProcess' | 'failProcess' | 'getProcess' | 'getProcessHist' | 'removeExecutor'
> &
  RegisteringClient

export interface ColoniesBrokerOptions {
  readonly colony: string
  /** A client for a key: one client an identity; they may share a transport. */
  readonly clientFor: (privateKey: Uint8Array) => BrokerClient
  /** The colony owner's key, 32 bytes: registers, approves, and gives back. @default none */
  readonly colonyKey?: Uint8Array | undefined
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
}

// How far back running processes are looked for by their submission: longer than any envelope is valid.
const HISTORY_S = 30 * 24 * 60 * 60
const CALL_MS = 10_000
const MOST_REMOVALS = 4
const REMOVAL_BACKOFF = { tries: 1, baseMs: 100, factor: 2, capMs: 1_000 }

/** The fleet's port to a Colonies server. */
export function coloniesBroker(options: ColoniesBrokerOptions): BrokerFactory {
  const owner = options.colonyKey === undefined ? null : options.clientFor(options.colonyKey)
  return {
    canGiveBack: owner !== null,
    connect: (executorKey) => connect(options, owner, executorKey),
  }
}

function connect(options: ColoniesBrokerOptions, owner: BrokerClient | null, key: Uint8Array): Broker {
  const { colony, clock, random } = options
  const client = options.clientFor(key)
  const executor = identityOf(key)
  const call = ({ deadlineMs, signal }: BrokerCallOptions) => ({
    deadlineMs: Math.max(1, Math.min(CALL_MS, deadlineMs - clock.monotonicMs())),
    signal,
  })

  const broker: Broker = {
    executor,
    register: (registration, budget) =>
      registerAtBroker({ client, owner, colony, executor, registration, call: () => call(budget) }),
    unregister: async (executorName, budget) => {
      if (owner === null) return false
      // Safe to repeat, and worth it: whatever is not given back now waits for its execution limit.
      for (let tries = 1; ; tries += 1) {
        const error = await errorOf(owner.removeExecutor(colony, executorName, call(budget)))
        if (error === null) return true
        const over = tries === MOST_REMOVALS || clock.monotonicMs() >= budget.deadlineMs
        if (over || !(error instanceof ColoniesError) || error.outcome !== 'unknown') return false
        await clock.sleep(fullJitterMs(tries, REMOVAL_BACKOFF, random), budget.signal)
      }
    },
    assign: async (timeoutS, signal) => {
      try {
        const process = await client.assign(colony, timeoutS, key, {}, { signal })
        const assignment = assignmentOf(process, executor)
        if (assignment !== null) return { kind: 'process', assignment }
        return failed(
          new BeeError('BEE_BROKER_UNAVAILABLE', 'the broker assigned a process without a start time'),
          true,
        )
      } catch (error) {
        return assignFailure(error)
      }
    },
    heartbeat: async (budget) => (await errorOf(client.heartbeat(colony, key, call(budget)))) === null,
    close: (processId, output, budget) =>
      closeAtBroker({
        clock,
        random,
        budget,
        wanted: 'success',
        executor,
        send: () => client.closeProcess(processId, [output], call(budget)),
        read: () => broker.get(processId, budget),
      }),
    fail: (processId, errors, budget) =>
      closeAtBroker({
        clock,
        random,
        budget,
        wanted: 'failed',
        executor,
        send: () => client.failProcess(processId, errors, call(budget)),
        read: () => broker.get(processId, budget),
      }),
    running: async (budget) => {
      try {
        const listed = await client.getProcessHist(colony, executor, HISTORY_S, states.RUNNING, call(budget))
        return listed.flatMap((process) => assignmentOf(process, executor) ?? [])
      } catch {
        return null
      }
    },
    get: async (processId, budget) => {
      try {
        const process = await client.getProcess(processId, call(budget))
        return {
          state: stateNames[process.state],
          executor: process.assignedexecutorid,
          fence: { retries: process.retries, starttime: process.starttime ?? '' },
        }
      } catch (error) {
        return error instanceof ColoniesError && error.kind === 'not_found' ? null : 'unknown'
      }
    },
  }
  return broker
}

const stateNames: Readonly<Record<0 | 1 | 2 | 3 | 4, ProcessState>> = {
  0: 'waiting',
  1: 'running',
  2: 'success',
  3: 'failed',
  4: 'cancelled',
}

function assignmentOf(process: Process, executor: string): Assignment | null {
  if (process.starttime === null || process.assignedexecutorid !== executor) return null
  const assignedAt = Date.parse(process.starttime)
  const { maxexectime } = process.spec
  return Object.freeze({
    processId: process.processid,
    task: process.spec.funcname,
    // A bigint in it has no canonical text, so that the digest refuses it at admission.
    kwargs: process.spec.kwargs as { readonly [key: string]: Json },
    executor,
    fence: Object.freeze({ retries: process.retries, starttime: process.starttime }),
    submittedAt: process.submissiontime === null ? assignedAt : Date.parse(process.submissiontime),
    assignedAt,
    budgetMs: maxexectime > 0 ? maxexectime * 1000 : null,
  })
}

const failed = (error: BeeError, ambiguous: boolean): AssignOutcome => ({ kind: 'error', error, ambiguous })

function assignFailure(error: unknown): AssignOutcome {
  if (!(error instanceof ColoniesError))
    return failed(new BeeError('BEE_BROKER_UNAVAILABLE', 'the poll failed', { cause: error }), true)
  if (error.kind === 'no_process') return { kind: 'empty' }
  if (error.kind === 'paused') return { kind: 'paused' }
  if (error.kind === 'forbidden') return { kind: 'unregistered' }
  return failed(new BeeError('BEE_BROKER_UNAVAILABLE', error.message, { cause: error }), error.outcome === 'unknown')
}

const errorOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => null,
    (error: unknown) => error,
  )
