import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { WorkflowCalls } from './calls/workflow-calls.ts'
import { ColoniesError } from './errors.ts'
import { type FunctionSpec, invalid } from './function-spec.ts'
import { type Process, ProcessState } from './messages/process.ts'
import type { CallOptions } from './with-deadline.ts'

export interface SubmitOptions {
  /**
   * The client token: no other submit of this colony may have the same label. Give one to find the process again after
   * a crash of the caller.
   * @default the label of the specification, else a random one
   */
  readonly label?: string | undefined
  /**
   * Time for everything, repeats included, milliseconds.
   * @default 30_000
   */
  readonly deadlineMs?: number | undefined
  /**
   * Time for one submit, milliseconds.
   * @default 10_000
   */
  readonly attemptMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

const MSGTYPE = 'submitfuncspecmsg'
/** Pauses before each look for a process whose answer was lost, milliseconds. The server may still be storing it. */
const LOOK_PAUSES_MS = [50, 250, 1000] as const
const RECONNECT_PAUSE_MS = 250
const LIST_LIMIT = 100

/** The furthest first: what has run counts more than what waits. */
const PREFERENCE: readonly ProcessState[] = [
  ProcessState.SUCCESS,
  ProcessState.RUNNING,
  ProcessState.FAILED,
  ProcessState.CANCELLED,
  ProcessState.WAITING,
]

const isLost = (error: unknown): error is ColoniesError =>
  error instanceof ColoniesError && error.outcome === 'unknown' && error.kind !== 'aborted'

const isTransient = (error: unknown): error is ColoniesError =>
  isLost(error) || (error instanceof ColoniesError && error.kind === 'unavailable')

class Submission {
  readonly #client: WorkflowCalls
  readonly #spec: FunctionSpec
  readonly #label: string
  readonly #options: SubmitOptions
  readonly #endsAtMs: number
  /** The last failure that may pass; a deadline is reported with it. */
  #lastFailure: ColoniesError | undefined
  /** Whether a submit was sent whose effect is unknown. */
  #lost = false

  constructor(client: WorkflowCalls, spec: FunctionSpec, options: SubmitOptions) {
    this.#client = client
    this.#label = options.label ?? (spec.label || randomUUID())
    this.#spec = { ...spec, label: this.#label }
    this.#options = options
    this.#endsAtMs = performance.now() + (options.deadlineMs ?? 30_000)
  }

  async run(): Promise<Process> {
    for (let attempt = 1; ; attempt++) {
      try {
        const process = await this.#client.submitFunctionSpec(this.#spec, this.#callOptions())
        return attempt === 1 ? process : ((await this.#settle()) ?? process)
      } catch (error) {
        if (!isTransient(error)) throw error
        this.#lastFailure = error
        this.#lost ||= isLost(error)
        // A connection that never stood was seen by no server: nothing to look for, only to wait.
        if (!this.#lost) await this.#pause(RECONNECT_PAUSE_MS)
        const found = this.#lost ? await this.#lookRepeatedly() : null
        if (found !== null) return found
      }
    }
  }

  /** @throws ColoniesError of kind `timeout` when nothing is left */
  #leftMs(): number {
    const leftMs = this.#endsAtMs - performance.now()
    if (leftMs > 0) return leftMs
    const advice = this.#lost ? `; look for the label ${this.#label} before repeating` : ''
    const outcome = this.#lost ? 'unknown' : 'not_applied'
    const detail = `not certain within the deadline${advice}`
    throw new ColoniesError('timeout', { msgtype: MSGTYPE, detail, outcome, cause: this.#lastFailure })
  }

  #callOptions(): CallOptions {
    return { deadlineMs: Math.min(this.#leftMs(), this.#options.attemptMs ?? 10_000), signal: this.#options.signal }
  }

  /** Null only after several complete looks through all states. */
  async #lookRepeatedly(): Promise<Process | null> {
    for (const pauseMs of LOOK_PAUSES_MS) {
      await this.#pause(pauseMs)
      const found = await this.#look()
      if (found !== null) return found
    }
    return null
  }

  /** One complete look, however long the server is away. */
  async #look(): Promise<Process | null> {
    for (;;) {
      try {
        return await this.#settle()
      } catch (error) {
        if (!isTransient(error)) throw error
        this.#lastFailure = error
        await this.#pause(RECONNECT_PAUSE_MS)
      }
    }
  }

  /** The one process with our label; waiting duplicates of it are removed. */
  async #settle(): Promise<Process | null> {
    const found: Process[] = []
    // In the order of life, so that one that moves on meanwhile is met later.
    for (const state of Object.values(ProcessState)) {
      const { colonyname } = this.#spec.conditions
      const filter = { label: this.#label }
      found.push(...(await this.#client.getProcesses(colonyname, LIST_LIMIT, state, filter, this.#callOptions())))
    }
    const distinct = [...new Map(found.map((process) => [process.processid, process])).values()]
    const [first, ...duplicates] = distinct.sort(
      (a, b) =>
        PREFERENCE.indexOf(a.state) - PREFERENCE.indexOf(b.state) ||
        (a.prioritytime < b.prioritytime ? -1 : a.prioritytime > b.prioritytime ? 1 : 0),
    )
    for (const duplicate of duplicates) {
      if (duplicate.state === ProcessState.WAITING) await this.#remove(duplicate.processid)
    }
    return first ?? null
  }

  async #remove(processId: string): Promise<void> {
    try {
      await this.#client.removeProcess(processId, this.#callOptions())
    } catch (error) {
      // Taken by an executor meanwhile, or removed by somebody else: then it is not ours to remove.
      if (!(error instanceof ColoniesError)) throw error
    }
  }

  async #pause(ms: number): Promise<void> {
    const leftMs = this.#leftMs()
    try {
      await sleep(Math.min(ms, leftMs), undefined, { signal: this.#options.signal })
    } catch (cause) {
      const outcome = this.#lost ? 'unknown' : 'not_applied'
      throw new ColoniesError('aborted', { msgtype: MSGTYPE, outcome, cause })
    }
  }
}

/**
 * Submits a process so that a lost answer does not make two: every submit carries a label of its own, and after an
 * answer that never came, or was none, the process is looked up by that label in all states before it is sent again.
 *
 * A server that stores a submit only seconds after it dropped the connection can still make a second one; waiting
 * duplicates are then removed, running ones are left to the fence and the ledger.
 * @throws ColoniesError; kind `timeout` with the label in its text when the deadline passed without certainty
 */
export const submitOnce = async (
  client: WorkflowCalls,
  spec: FunctionSpec,
  options: SubmitOptions = {},
): Promise<Process> => {
  if (options.label === '') throw invalid(MSGTYPE, 'label is a non-empty text')
  return new Submission(client, spec, options).run()
}
