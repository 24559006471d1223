import { type CodeTable, code } from './code.ts'

/** Transaction. */
export const transactionCodes = {
  BEE_FENCED: code(
    'fenced',
    'A newer assignment of this process has reached the ledger.',
    'Nothing: the newer assignment finishes it.',
  ),
  BEE_REVOKED: code('fenced', 'The process was revoked before its transaction.', 'Nothing: somebody cancelled it.'),
  BEE_TRANSACTION_UNKNOWN: code(
    'unknown_outcome',
    'No trustworthy answer came from the database; the transaction may have committed.',
    'Nothing: it is repeated with the same key.',
  ),
  BEE_TRANSACTION_TRANSIENT: code(
    'retryable',
    'The database could not do it now.',
    'Nothing while it recovers; look at the database if it lasts.',
  ),
  BEE_TRANSACTION_REFUSED: code(
    'terminal',
    'The database refused the transaction for good.',
    "Look up the SQLSTATE in the message; it is a bug in the task's SQL or its input.",
  ),
  BEE_TRANSACTION_FORBIDDEN: code(
    'retryable',
    'The database refuses the key, or a right is missing. No process is closed as failed for that: the polls stop.',
    'Check SUPABASE_SECRET_KEY and run `bees migrate`; what waits at the broker goes on when the key is right.',
  ),
  BEE_TRANSACTION_MISSING: code(
    'retryable',
    "bee_execute or the task's SQL function does not exist (or the schema cache is old).",
    'Run `bees migrate`; it heals by itself within a deploy.',
  ),
  BEE_BREAKER_OPEN: code(
    'retryable',
    'The dependency failed repeatedly, so it is left alone for a while.',
    'Mend the dependency; polls stop until it answers again.',
  ),
} as const satisfies CodeTable
