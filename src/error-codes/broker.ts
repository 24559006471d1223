import { type CodeTable, code } from './code.ts'

/** Broker. */
export const brokerCodes = {
  BEE_BROKER_UNAVAILABLE: code(
    'retryable',
    'The Colonies server did not answer properly.',
    "Check COLONIES_SERVER_HOST and the server's log.",
  ),
  BEE_BROKER_REFUSED: code(
    'terminal',
    'The Colonies server refused the call.',
    'Check the keys and the approval of the executor; `bees doctor` tells which.',
  ),
  BEE_EXECUTOR_NOT_APPROVED: code(
    'terminal',
    'The executor is not approved in the colony.',
    'Approve it with the colony key, or set COLONIES_COLONY_PRVKEY.',
  ),
} as const satisfies CodeTable
