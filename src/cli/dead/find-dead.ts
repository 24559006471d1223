import { digestOf, type Json } from '../../canonical.ts'
import { ColoniesError, type Process, ProcessState } from '../../colonies/index.ts'
import { BeeError } from '../../errors.ts'
import { verifyOrigin } from '../../trust/index.ts'
import { codeOf, type DeadThing, errorsOf, letterId, letterTasks } from './dead-thing.ts'
import { type DeadPorts, ledgerBudget } from './ports.ts'

const CALL_MS = 15_000
const PROCESS = /^[0-9a-f]{64}$/

/**
 * The dead letter `<source>/<id>`, or the failed process of that id.
 *
 * @param digest which one, where other bytes came under the same id; its first characters do.
 * @throws BeeError BEE_DEAD_NOT_FOUND, BEE_USAGE; what a broker or a ledger that is away throws
 */
export function findDead(id: string, ports: DeadPorts, digest = ''): Promise<DeadThing> {
  return PROCESS.test(id) ? findProcess(id, ports) : findLetter(id, ports, digest)
}

async function findLetter(id: string, { ledger }: DeadPorts, digest: string): Promise<DeadThing> {
  const [source = ''] = id.split('/')
  const subject = id.slice(source.length + 1)
  if (source === '' || subject === '') {
    throw new BeeError(
      'BEE_USAGE',
      `Received ${JSON.stringify(id)}, expected a letter such as stripe/evt_1, or a process id.`,
    )
  }
  const target = letterTasks[source]
  if (target === undefined) {
    const known = Object.keys(letterTasks).join(', ')
    throw new BeeError('BEE_DEAD_NOT_FOUND', `No task takes letters of ${JSON.stringify(source)}; known: ${known}.`)
  }
  const all = await ledger.readDeadLetter(source, subject, ledgerBudget())
  const [letter, ...more] = all.filter(({ payload_digest }) => payload_digest.startsWith(digest))
  if (letter === undefined) throw new BeeError('BEE_DEAD_NOT_FOUND', `There is no dead letter ${JSON.stringify(id)}.`)
  if (more.length > 0) {
    const digests = all.map(({ payload_digest }) => payload_digest.slice(0, 12)).join(', ')
    throw new BeeError('BEE_USAGE', `Other bytes came under the same id: say which with --digest, one of ${digests}.`)
  }
  return {
    subject: { kind: 'letter', source, subject },
    id: letterId(source, subject),
    ...target,
    input: letter.payload,
    digest: letter.payload_digest,
    code: letter.code,
    errors: [],
    at: letter.stored_at,
  }
}

async function findProcess(id: string, { client }: DeadPorts): Promise<DeadThing> {
  let process: Process
  try {
    process = await client.getProcess(id, { deadlineMs: CALL_MS })
  } catch (error) {
    if (!(error instanceof ColoniesError) || error.kind !== 'not_found') throw error
    throw new BeeError('BEE_DEAD_NOT_FOUND', `There is no process ${id} at the broker.`, { cause: error })
  }
  if (process.state !== ProcessState.FAILED) {
    throw new BeeError('BEE_DEAD_NOT_FOUND', `Process ${id} has not failed: it is ${stateName(process)}.`)
  }
  return deadProcess(process)
}

export function stateName({ state }: Pick<Process, 'state'>): string {
  return Object.entries(ProcessState)
    .filter(([, value]) => value === state)
    .map(([name]) => name.toLowerCase())
    .join()
}

export function deadProcess(process: Process): DeadThing {
  const { kwargs, funcname, conditions } = process.spec
  const errors = errorsOf(process)
  const input = (kwargs['input'] ?? null) as Json
  return {
    subject: { kind: 'process', source: '', subject: process.processid },
    id: process.processid,
    bee: conditions.executortype.replace(/-bee$/, ''),
    task: funcname,
    input,
    digest: digestOrNone(input),
    code: codeOf(errors),
    errors,
    at: new Date(Date.parse(process.endtime ?? process.submissiontime ?? '') || 0).toISOString(),
  }
}

/**
 * That the input is the one that was put aside or, for a process, the one that a trusted submitter has signed for. Whoever
 * hands it in again lends it a signature, which must not make a forgery good.
 *
 * @throws BeeError BEE_DEAD_ALTERED; BEE_ENVELOPE_MISSING, _MALFORMED, _UNTRUSTED, _SIGNATURE, _FOREIGN or _ALTERED
 */
export async function checkGenuine(dead: DeadThing, { client, colony, trusted }: DeadPorts): Promise<void> {
  if (dead.subject.kind === 'letter') {
    const digest = digestOrNone(dead.input)
    if (digest === dead.digest) return
    throw new BeeError('BEE_DEAD_ALTERED', `${dead.id}: put aside as ${dead.digest}, its payload is ${digest} now.`)
  }
  const { bee, task, input } = dead
  const { spec } = await client.getProcess(dead.id, { deadlineMs: CALL_MS })
  verifyOrigin(spec.kwargs['envelope'], { colony, bee, task, input, trusted, nowMs: Date.now() })
}

function digestOrNone(input: unknown): string {
  try {
    return digestOf(input)
  } catch {
    return 'none: it has no canonical JSON text'
  }
}
