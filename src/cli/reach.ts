import { ColoniesError } from '../colonies/index.ts'
import type { Config } from '../config.ts'
import { BeeError, toBeeError } from '../errors.ts'
import type { ReadReply } from '../ledger/index.ts'
import { brokerUrl, connectBroker, connectLedger, required } from './connect.ts'

const signOfLifeMs = 5000
const readMs = 15_000

/** A part that a command needs and that does not answer, told for a person in front of a terminal. */
export function unreachable(what: string, url: string, cause: unknown): BeeError {
  const reason = reasonOf(cause)
  return new BeeError('BEE_UNREACHABLE', `${what} at ${url} does not answer${reason === '' ? '' : ` (${reason})`}.`, {
    cause,
  })
}

/**
 * Asks the broker for a sign of life, so that a command without a hive ends at once instead of after its repeats.
 *
 * @throws BeeError BEE_UNREACHABLE
 */
export async function expectBroker(config: Config): Promise<void> {
  await connectBroker(config)
    .version({ deadlineMs: signOfLifeMs })
    .catch((error: unknown) => {
      throw brokerProblem(config, error)
    })
}

/** What a failed call to the broker means to a person. */
export function brokerProblem(config: Config, error: unknown): BeeError {
  if (!(error instanceof ColoniesError)) return toBeeError(error)
  if (error.kind === 'unavailable' || error.kind === 'timeout' || error.kind === 'malformed') {
    return unreachable('The Colonies server', brokerUrl(config), error)
  }
  return new BeeError('BEE_BROKER_REFUSED', `${brokerUrl(config)}: ${error.message}`, { cause: error })
}

/** What a failed call that only reads means to a person: there is no transaction whose outcome could be unknown. */
export function databaseProblem(config: Config, error: unknown): BeeError {
  const known = toBeeError(error)
  const away = known.code === 'BEE_TRANSACTION_UNKNOWN' || known.code === 'BEE_TRANSACTION_TRANSIENT'
  return away ? unreachable('The database', required(config, 'SUPABASE_URL'), error) : known
}

/** Either of the two, for a command that asks both. */
export function reachProblem(config: Config, error: unknown): BeeError {
  return error instanceof ColoniesError ? brokerProblem(config, error) : databaseProblem(config, error)
}

/**
 * Rows, receipts and keys of one process.
 *
 * @throws BeeError BEE_UNREACHABLE, or what the ledger says
 */
export async function readProcess(config: Config, processId: string): Promise<ReadReply> {
  const options = { deadlineMs: performance.now() + readMs }
  return connectLedger(config)
    .read(config.COLONIES_COLONY_NAME, processId, options)
    .catch((error: unknown) => {
      throw databaseProblem(config, error)
    })
}

/** ECONNREFUSED and the like, from however deep it comes. */
function reasonOf(error: unknown): string {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && typeof cause.code === 'string' && /^E[A-Z]+$/.test(cause.code)) return cause.code
    if (cause.name === 'TimeoutError') return 'no answer in time'
  }
  return ''
}
