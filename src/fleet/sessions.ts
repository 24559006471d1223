import { hostname } from 'node:os'
import { type Bee, describeFunction } from '../bee/index.ts'
import { type BeeError, toBeeError } from '../errors.ts'
import { fullJitterMs } from '../resilience/index.ts'
import type { Log } from '../telemetry/index.ts'
import type { BeeStateMachine } from './bee-state.ts'
import type { Broker } from './broker.ts'
import type { FleetOptions, FleetTuning } from './fleet-options.ts'
import { fixedIdentity, freshIdentity, type Identity } from './identity.ts'
import { createReceiptSigner, type ReceiptSigner } from './receipt-signer.ts'

/** One identity with its port and its chain of receipts. */
export interface Session {
  readonly identity: Identity
  readonly broker: Broker
  readonly signer: ReceiptSigner
}

export interface SessionPorts {
  readonly options: FleetOptions
  readonly tuning: FleetTuning
  readonly log: Log
  readonly random: () => number
  readonly state: BeeStateMachine
  readonly stopping: AbortSignal
}

export interface Sessions {
  current(): Session
  /** The session that an assignment came through; its receipts and closes go the same way. */
  of(executor: string): Session
  find(executor: string): Session | undefined
  /** One try. `later`: worth repeating; `failed`: not (the bee's state says so too). */
  registerFirst(): Promise<'registered' | 'later' | 'failed'>
  /** Tries until it works, fails for good (false), or the bee stops (false). */
  registerUntilDone(): Promise<boolean>
  /** After the broker struck us off: a fresh identity (or the fixed one again), registered. */
  renew(): Promise<void>
  /** Takes every identity off the register, which gives back what runs under it. @returns whether all of it worked */
  unregister(deadlineMs: number): Promise<boolean>
  problem(): { readonly code: string; readonly message: string } | null
}

const REGISTER_MS = 15_000

/** The identities of one bee: the one in use, and those that still have work under way. */
export function createSessions(bee: Bee, ports: SessionPorts): Sessions {
  const { options, tuning, log, random, state, stopping } = ports
  const { clock, executorKey, broker: factory } = options
  const backoff = { tries: 1, baseMs: tuning.registerBaseMs, factor: 2, capMs: tuning.registerCapMs }
  const functions = [...bee.tasks.values()].map(describeFunction)
  const known = new Map<string, Session>()
  let lastProblem: BeeError | null = null
  let continued = false
  let session = open()

  function open(): Session {
    const identity =
      executorKey === undefined ? freshIdentity(bee, options.host ?? hostname()) : fixedIdentity(bee, executorKey)
    const remembered = known.get(identity.id)
    if (remembered !== undefined) return remembered
    const broker = factory.connect(identity.key)
    const { colony, receiptKey } = options
    const signer = createReceiptSigner({ key: receiptKey, colony, executor: identity.id, now: () => clock.now() })
    const opened: Session = Object.freeze({ identity, broker, signer })
    known.set(identity.id, opened)
    return opened
  }

  /** A fixed identity outlives its hive, and so does its chain of receipts. */
  const continueChain = async ({ identity, signer }: Session, deadlineMs: number): Promise<BeeError | null> => {
    if (executorKey === undefined || continued) return null
    try {
      signer.continueAfter(await options.ledger.receiptHead(options.colony, identity.id, { deadlineMs }))
      continued = true
      return null
    } catch (thrown) {
      return toBeeError(thrown)
    }
  }

  const takeOff = ({ broker, identity }: Session, deadlineMs: number): Promise<boolean> =>
    broker.unregister(identity.executorName, { deadlineMs })

  const register = async (): Promise<'registered' | 'later' | 'failed'> => {
    const { identity, broker } = session
    const deadlineMs = clock.monotonicMs() + REGISTER_MS
    const { executorName } = identity
    const problem =
      (await continueChain(session, deadlineMs)) ??
      (await broker.register({ executorName, executorType: bee.executorType, functions }, { deadlineMs }))
    lastProblem = problem
    if (problem === null) {
      state.send('registered')
      log.info({ executor: identity.id, executorName }, 'the broker knows the bee')
      return 'registered'
    }
    log.warn({ code: problem.code, reason: problem.message }, 'the bee is not registered')
    // A fixed identity may be approved by somebody at any time; one that nobody can know never will be.
    const hopeless = problem.failure === 'terminal' && executorKey === undefined
    return hopeless ? 'failed' : 'later'
  }

  const registerUntilDone = async (): Promise<boolean> => {
    for (let failures = 1; !stopping.aborted; failures += 1) {
      const outcome = await register()
      if (outcome === 'registered') return true
      if (outcome === 'failed') {
        state.send('fail')
        return false
      }
      await clock.sleep(fullJitterMs(failures, backoff, random), stopping)
    }
    return false
  }

  return {
    current: () => session,
    of: (executor) => known.get(executor) ?? session,
    find: (executor) => known.get(executor),
    async registerFirst() {
      const outcome = await register()
      if (outcome === 'failed') state.send('fail')
      return outcome
    },
    registerUntilDone,
    async renew() {
      const struckOff = session
      session = open()
      // A poll that was open while the broker struck us off may have been assigned a process after that, which the old
      // identity can never close: removing it once more puts it back into the queue.
      if (session !== struckOff) await takeOff(struckOff, clock.monotonicMs() + REGISTER_MS)
      await registerUntilDone()
    },
    async unregister(deadlineMs) {
      if (!factory.canGiveBack) return false
      const removals = [...known.values()].map((each) => takeOff(each, deadlineMs))
      // Only the identity in use counts: the broker itself has struck off the earlier ones.
      const results = await Promise.all(removals)
      return results.at(-1) === true
    },
    problem: () => (lastProblem === null ? null : { code: lastProblem.code, message: lastProblem.message }),
  }
}
