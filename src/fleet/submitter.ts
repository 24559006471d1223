import { randomUUID } from 'node:crypto'
import type { Bee } from '../bee/index.ts'
import type { Json } from '../canonical.ts'
import type { ColoniesClient, JsonObject, Process } from '../colonies/index.ts'
import { BeeError } from '../errors.ts'
import { type Clock, fullJitterMs } from '../resilience/index.ts'
import { type SigningKey, signEnvelope } from '../trust/index.ts'
import { brokerError } from './broker-error.ts'
import { limitsOf } from './task-limits.ts'

export interface SubmitterOptions {
  /** Signs with the key of a member of the colony. */
  readonly client: ColoniesClient
  readonly colony: string
  /** Signs the task envelopes. */
  readonly envelopeKey: SigningKey
  /** Known bees: their tasks' deadlines and retries are the defaults, and unknown tasks are refused before sending. */
  readonly bees: readonly Pick<Bee, 'name' | 'executorType' | 'tasks'>[]
  readonly clock: Clock
  /** How long the envelope may wait in the queue, ms. @default 604_800_000 (7 days) */
  readonly validForMs?: number | undefined
  readonly random?: (() => number) | undefined
}

export interface Submission {
  readonly bee: string
  readonly task: string
  readonly input: JsonObject
  /** Time budget of one assignment, ms. @default the task's */
  readonly deadlineMs?: number | undefined
  /** Client token: the same label is not submitted twice after a lost answer. @default a random one */
  readonly label?: string | undefined
  readonly signal?: AbortSignal | undefined
  /** Time for everything, repeats included, ms. @default 30_000 */
  readonly timeoutMs?: number | undefined
}

/** What became of a process. */
export interface FinalProcess {
  readonly processId: string
  readonly state: 'success' | 'failed' | 'cancelled'
  /** The published output; null unless it succeeded. */
  readonly result: Json
  /** Compact JWS; null when there is none. */
  readonly receipt: string | null
  /** `CODE: message` first; empty when it succeeded. */
  readonly errors: readonly string[]
  /** As the broker has it. */
  readonly process: Process
}

export interface Submitter {
  /**
   * Signs and submits one task.
   * @throws BeeError BEE_TASK_UNKNOWN, BEE_BROKER_REFUSED, or BEE_BROKER_UNAVAILABLE (then it may have arrived)
   */
  submit(submission: Submission): Promise<{ readonly processId: string }>
  /**
   * Waits until the process has ended.
   * @throws BeeError BEE_DEADLINE when it has not by then; BEE_BROKER_REFUSED when there is no such process
   */
  waitFor(
    processId: string,
    options: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined },
  ): Promise<FinalProcess>
}

const DEFAULT_TIMEOUT_MS = 30_000
/** Between looks: short at first, since most tasks take milliseconds. */
const LOOKS = { tries: 1, baseMs: 20, factor: 1.6, capMs: 1_000 }
const finalStates: Readonly<Record<number, FinalProcess['state'] | undefined>> = {
  2: 'success',
  3: 'failed',
  4: 'cancelled',
}

/** Hands tasks in: signed, with explicit limits, and once even when the answer gets lost. */
export function createSubmitter(options: SubmitterOptions): Submitter {
  const { client, clock, colony, envelopeKey, validForMs } = options
  const random = options.random ?? Math.random

  const find = (beeName: string, taskName: string) => {
    const bee = options.bees.find(({ name }) => name === beeName)
    const task = bee?.tasks.get(taskName)
    if (bee === undefined || task === undefined) {
      throw new BeeError('BEE_TASK_UNKNOWN', `no bee here has the task ${JSON.stringify(`${beeName}/${taskName}`)}`)
    }
    return { bee, task }
  }

  return {
    async submit({ bee: beeName, task: taskName, input, deadlineMs, label, signal, timeoutMs }) {
      const { bee, task } = find(beeName, taskName)
      const subject = { colony, bee: beeName, task: taskName, input }
      const envelope = signEnvelope(subject, envelopeKey, { nowMs: clock.now(), validForMs })
      try {
        const process = await client.submit(
          {
            funcname: taskName,
            kwargs: { input, envelope },
            ...limitsOf(task, deadlineMs),
            conditions: { colonyname: colony, executortype: bee.executorType },
            label: label ?? randomUUID(),
          },
          { deadlineMs: timeoutMs ?? DEFAULT_TIMEOUT_MS, signal },
        )
        return { processId: process.processid }
      } catch (error) {
        throw brokerError(error)
      }
    },

    async waitFor(processId, { timeoutMs, signal }) {
      const endsMs = clock.monotonicMs() + timeoutMs
      for (let looks = 1; ; looks += 1) {
        const leftMs = endsMs - clock.monotonicMs()
        if (signal?.aborted === true || leftMs <= 0) {
          throw new BeeError('BEE_DEADLINE', `process ${processId} has not ended within ${timeoutMs} ms`)
        }
        try {
          const process = await client.getProcess(processId, { deadlineMs: Math.min(leftMs, 10_000), signal })
          const state = finalStates[process.state]
          if (state !== undefined) return finalOf(process, state)
        } catch (error) {
          const problem = brokerError(error)
          if (problem.failure === 'terminal') throw problem
        }
        const pauseMs = LOOKS.baseMs + fullJitterMs(looks, LOOKS, random)
        await clock.sleep(Math.min(pauseMs, Math.max(0, endsMs - clock.monotonicMs())), signal)
      }
    },
  }
}

function finalOf(process: Process, state: FinalProcess['state']): FinalProcess {
  const [out] = process.out
  const published = typeof out === 'object' && out !== null && !Array.isArray(out) ? (out as JsonObject) : {}
  const fromErrors = process.errors.find((text) => text.startsWith('receipt: '))?.slice('receipt: '.length)
  const receipt = published['receipt']
  return Object.freeze({
    processId: process.processid,
    state,
    result: state === 'success' ? ((published['result'] ?? null) as Json) : null,
    receipt: typeof receipt === 'string' ? receipt : (fromErrors ?? null),
    errors: process.errors.filter((text) => !text.startsWith('receipt: ')),
    process,
  })
}
