import { parseInput, scrubber, sensitiveValues, type Task } from '../../bee/index.ts'
import { digestOf, type Json } from '../../canonical.ts'
import { BeeError, toBeeError } from '../../errors.ts'
import { verifyEnvelope } from '../../trust/index.ts'
import { exceedsSize } from '../json-size.ts'
import { type Admission, advance, endingOf, type TaskRecord } from '../task-record.ts'
import type { Workbench } from '../workbench.ts'
import type { Step } from './step.ts'

/** Decides whether the process may run: task, size, envelope, input, business key. Nothing in it is believed before. */
export const admit: Step = async (record, bench) => {
  if (bench.reins.signal.aborted) return advance(record, { ending: endingOf(toBeeError(bench.reins.signal.reason)) })
  try {
    return advance(record, { admission: admission(record, bench, bench.clock.now()) })
  } catch (thrown) {
    const error = toBeeError(thrown)
    if (error.code === 'BEE_ENVELOPE_FUTURE') return admitIfSubmitted(record, bench, error)
    if (error.code !== 'BEE_ENVELOPE_EXPIRED') return advance(record, { ending: endingOf(error) })
    return admitIfBegun(record, bench, error)
  }
}

/**
 * To a hive whose clock is behind, what was signed just now comes from the future. The broker's clock decides then: it
 * can begin the time of an envelope earlier, which does no harm, and never prolong it.
 */
function admitIfSubmitted(record: TaskRecord, bench: Workbench, future: BeeError): TaskRecord {
  const { submittedAt } = record.assignment
  if (submittedAt <= bench.clock.now()) return advance(record, { ending: endingOf(future) })
  try {
    return advance(record, { admission: admission(record, bench, submittedAt) })
  } catch (thrown) {
    return advance(record, { ending: endingOf(toBeeError(thrown)) })
  }
}

/**
 * An envelope that has expired may belong to a process whose transaction committed in time, under an assignment that
 * never got to close it. The ledger knows: then it is judged as of that commit, and the stored result is delivered.
 */
async function admitIfBegun(record: TaskRecord, bench: Workbench, expired: BeeError): Promise<TaskRecord> {
  const { signal, abortAtMs: deadlineMs } = bench.reins
  try {
    const { rows } = await bench.ledger.read(bench.colony, record.assignment.processId, { signal, deadlineMs })
    // A row of another process with the same business key says nothing about when this one began.
    const first = rows.find((row) => row.process === record.assignment.processId)
    if (first === undefined) throw expired
    return advance(record, { admission: admission(record, bench, Date.parse(first.committed_at)) })
  } catch (thrown) {
    return advance(record, { ending: endingOf(toBeeError(thrown)) })
  }
}

function admission({ bee, assignment }: TaskRecord, bench: Workbench, asOfMs: number): Admission {
  const task = bee.tasks.get(assignment.task)
  if (task === undefined) {
    throw new BeeError(
      'BEE_TASK_UNKNOWN',
      `bee ${bee.name} has no task ${JSON.stringify(assignment.task.slice(0, 100))}`,
    )
  }
  if (exceedsSize(assignment.kwargs, bench.maxInputChars)) {
    throw new BeeError(
      'BEE_INPUT_INVALID',
      `input of ${task.name}: larger than ${bench.maxInputChars} characters of JSON`,
    )
  }
  const raw = assignment.kwargs['input']
  const { submittedAt: submittedAtMs } = assignment
  const came = { bee: bee.name, envelope: assignment.kwargs['envelope'], submittedAtMs }
  const proof = prove(task, raw, came, bench, asOfMs)
  const input = parseInput(task, raw)
  const secrets = new Set([...sensitiveValues(task.input, raw), ...sensitiveValues(task.input, input)])
  return Object.freeze({ task, input, ...proof, key: businessKey(task, input), hide: scrubber(secrets) })
}

function prove(
  task: Task,
  input: Json | undefined,
  came: { readonly bee: string; readonly envelope: Json | undefined; readonly submittedAtMs: number },
  { trusted, colony }: Workbench,
  nowMs: number,
): Pick<Admission, 'inputDigest' | 'nonce' | 'submitter' | 'standing'> {
  if (trusted === null) return { inputDigest: digestOf(input), nonce: null, submitter: null, standing: false }
  const subject = { colony, bee: came.bee, task: task.name, input }
  const { submittedAtMs } = came
  const { claims, nonce, slot } = verifyEnvelope(came.envelope, { ...subject, trusted, nowMs, submittedAtMs })
  // Checked to be the digest of this input, which may be large: not computed a second time.
  return { inputDigest: claims.input, nonce, submitter: nonce.kid, standing: slot !== null }
}

function businessKey(task: Task, input: unknown): string | null {
  if (task.key === undefined) return null
  try {
    // defineTask has seen to it that it returns a text which the database can store, or throws.
    return task.key(input)
  } catch {
    // Its own message stays out: it may quote the input.
    throw new BeeError('BEE_INPUT_INVALID', `input of ${task.name}: the business key could not be made: key() threw`)
  }
}
