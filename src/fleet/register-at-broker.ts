import { type CallOptions, type ColoniesClient, ColoniesError } from '../colonies/index.ts'
import { BeeError } from '../errors.ts'
import type { Registration } from './broker.ts'

export type RegisteringClient = Pick<
  ColoniesClient,
  'addExecutor' | 'approveExecutor' | 'getExecutorById' | 'getFunctions' | 'addFunction'
>

export interface RegisterAtBroker {
  /** Signs with the executor's key. */
  readonly client: RegisteringClient
  /** Signs with the colony owner's key; null: the executor must exist and be approved. */
  readonly owner: RegisteringClient | null
  readonly colony: string
  readonly executor: string
  readonly registration: Registration
  readonly call: () => CallOptions
}

/**
 * Makes the broker know an executor and its functions.
 * @returns null when done; else BEE_EXECUTOR_NOT_APPROVED, BEE_BROKER_REFUSED or BEE_BROKER_UNAVAILABLE
 */
export async function registerAtBroker(parts: RegisterAtBroker): Promise<BeeError | null> {
  try {
    const name = parts.owner === null ? await findApproved(parts) : await addAndApprove(parts, parts.owner)
    await addFunctions(parts, name)
    return null
  } catch (error) {
    return error instanceof BeeError ? error : failureOf(error)
  }
}

async function addAndApprove(
  { registration, colony, executor, call }: RegisterAtBroker,
  owner: RegisteringClient,
): Promise<string> {
  const { executorName, executorType } = registration
  try {
    await owner.addExecutor(
      { executorid: executor, executortype: executorType, executorname: executorName, colonyname: colony },
      call(),
    )
  } catch (error) {
    // The name is taken: by ourselves, since names are random or made from the key. Approving again revives it.
    const taken = error instanceof ColoniesError && (error.kind === 'rejected' || error.kind === 'conflict')
    if (!taken) throw error
  }
  await owner.approveExecutor(colony, executorName, call())
  return executorName
}

async function findApproved({ client, registration, colony, executor, call }: RegisterAtBroker): Promise<string> {
  try {
    const found = await client.getExecutorById(colony, executor, call())
    if (found.executortype === registration.executorType) return found.executorname
    throw new BeeError(
      'BEE_EXECUTOR_NOT_APPROVED',
      `executor ${executor} is of type ${found.executortype}, expected ${registration.executorType}`,
    )
  } catch (error) {
    if (!(error instanceof ColoniesError) || (error.kind !== 'forbidden' && error.kind !== 'not_found')) throw error
    throw new BeeError(
      'BEE_EXECUTOR_NOT_APPROVED',
      `executor ${executor} of type ${registration.executorType} is not approved in colony ${colony}`,
      { cause: error },
    )
  }
}

async function addFunctions(
  { client, registration, colony, call }: RegisterAtBroker,
  executorname: string,
): Promise<void> {
  const known = new Set((await client.getFunctions(executorname, colony, call())).map(({ funcname }) => funcname))
  // Every call adds a row, so an executor that was registered before must not be told of the same function again.
  for (const fun of registration.functions.filter(({ funcname }) => !known.has(funcname))) {
    const { executorType: executortype } = registration
    await client.addFunction({ executorname, colonyname: colony, executortype, ...fun }, call())
  }
}

function failureOf(error: unknown): BeeError {
  if (!(error instanceof ColoniesError)) return new BeeError('BEE_INTERNAL', 'registration failed', { cause: error })
  const refused = error.kind === 'forbidden' || error.kind === 'rejected' || error.kind === 'invalid'
  return new BeeError(refused ? 'BEE_BROKER_REFUSED' : 'BEE_BROKER_UNAVAILABLE', error.message, { cause: error })
}
