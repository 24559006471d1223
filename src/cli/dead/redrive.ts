import { digestOf } from '../../canonical.ts'
import { ColoniesError, type JsonObject, type Process, ProcessState } from '../../colonies/index.ts'
import { BeeError } from '../../errors.ts'
import type { Submitter } from '../../fleet/index.ts'
import type { Redrive } from '../../ledger/index.ts'
import { type SigningKey, signRedrive, verifyOrigin, verifyRedrive } from '../../trust/index.ts'
import type { DeadThing } from './dead-thing.ts'
import { checkGenuine, stateName } from './find-dead.ts'
import { type DeadPorts, ledgerBudget } from './ports.ts'

export interface RedrivePorts extends DeadPorts {
  readonly submitter: Pick<Submitter, 'submit'>
  /** Signs the statement; the submitter signs the envelope with the same one. */
  readonly key: SigningKey
}

const CALL_MS = 15_000

/** The earlier redrives of this very input, newest first. */
export async function redrivesOf(dead: DeadThing, { ledger, colony }: DeadPorts): Promise<readonly Redrive[]> {
  const all = await ledger.redrives(colony, [dead.subject], ledgerBudget())
  return all.filter(({ digest }) => digest === dead.digest)
}

/** Whether the statement of a redrive is signed by a trusted submitter and says what its row says. */
export function isGenuine(redrive: Redrive, { colony, trusted }: DeadPorts): boolean {
  const { kind, source, subject, digest, process, statement } = redrive
  return verifyRedrive(statement, trusted, { aud: colony, kind, source, subject, digest, process }) !== undefined
}

/**
 * Hands the same input in again, freshly signed, and records who did it. The business key of the task protects from a
 * second effect.
 *
 * The order is: look whether an earlier call got as far as the submit, submit, record. A call that dies in between is
 * repeated and finds the process by its label; nothing is submitted twice, and no redrive goes without its row.
 *
 * @param again hands it in although it was handed in before and that process has not failed.
 * @returns the new process.
 * @throws BeeError BEE_REDRIVEN_ALREADY; what `checkGenuine` and the submitter throw
 */
export async function redrive(
  dead: DeadThing,
  ports: RedrivePorts,
  { again = false }: { readonly again?: boolean | undefined } = {},
): Promise<{ readonly processId: string }> {
  await checkGenuine(dead, ports)
  const earlier = await redrivesOf(dead, ports)
  const [last] = earlier
  if (last !== undefined && !again) await refuseUnlessFailed(last, dead, ports)
  const label = `redrive ${digestOf({ ...dead.subject, digest: dead.digest })} ${earlier.length + 1}`
  const { bee, task, digest } = dead
  const input = dead.input as JsonObject
  const found = await submittedBefore(label, dead, ports)
  const processId = found ?? (await ports.submitter.submit({ bee, task, input, label })).processId
  const { colony, key } = ports
  // The label could have been taken by somebody who guessed it, and the answer of the submit got lost.
  if (!isOurs(await ports.client.getProcess(processId, { deadlineMs: CALL_MS }), dead, ports)) {
    throw new BeeError('BEE_BROKER_REFUSED', `process ${processId} has our label and is not what was handed in`)
  }
  const statement = signRedrive(
    { aud: colony, ...dead.subject, bee, task, digest, process: processId },
    key,
    Date.now(),
  )
  const row = { colony, ...dead.subject, digest, process: processId, kid: key.kid, statement }
  await ports.ledger.recordRedrive(row, ledgerBudget())
  return { processId }
}

async function refuseUnlessFailed(last: Redrive, dead: DeadThing, { client }: DeadPorts): Promise<void> {
  const state = await client.getProcess(last.process, { deadlineMs: CALL_MS }).then(stateName, (error: unknown) => {
    if (error instanceof ColoniesError && error.kind === 'not_found') return 'no longer known to the broker'
    throw error
  })
  if (state === 'failed') return
  throw new BeeError(
    'BEE_REDRIVEN_ALREADY',
    `${dead.id} was handed in again at ${last.recorded_at} as process ${last.process}, which is ${state}.`,
  )
}

/** Whether a process is this very thing, handed in by us. */
function isOurs({ spec }: Process, { bee, task, input }: DeadThing, { colony, key }: RedrivePorts): boolean {
  if (spec.funcname !== task || spec.conditions.executortype !== `${bee}-bee`) return false
  try {
    const subject = { colony, bee, task, input }
    verifyOrigin(spec.kwargs['envelope'], { ...subject, trusted: [key.trusted()], nowMs: Date.now() })
    return digestOf(spec.kwargs['input']) === digestOf(input)
  } catch {
    return false
  }
}

/** A process that an earlier call has submitted under this label. One that others have planted there does not count. */
async function submittedBefore(label: string, dead: DeadThing, ports: RedrivePorts): Promise<string | undefined> {
  const { client, colony } = ports
  for (const state of Object.values(ProcessState)) {
    const found = await client.getProcesses(colony, 100, state, { label }, { deadlineMs: CALL_MS })
    const process = found.find((each) => isOurs(each, dead, ports))
    if (process !== undefined) return process.processid
  }
  return undefined
}
