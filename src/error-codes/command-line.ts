import { type CodeTable, code } from './code.ts'

/** Command line. */
export const commandLineCodes = {
  BEE_USAGE: code(
    'terminal',
    'The command line is not understood.',
    'See `bees --help`, or `bees help` with the name of the command.',
  ),
  BEE_UNREACHABLE: code(
    'retryable',
    'A part that the command needs does not answer.',
    'Start the hive (`npm start`, in another terminal) or correct the address; `bees doctor` shows every part.',
  ),
  BEE_NOT_LOCAL: code(
    'terminal',
    'The command plays in the Stripe of a local hive, and this hive has none.',
    'Run it beside `npm start`, without settings of your own for Stripe, broker or database.',
  ),
  BEE_NOT_ENDED: code(
    'retryable',
    'The process had not ended when the command stopped waiting. It goes on without the command.',
    'Ask for it later with `bees verify` and its id, or wait longer with --timeout. A hive that runs already has to be started again to see a new bee.',
  ),
  BEE_INTERNAL: code('retryable', 'Something happened that we did not foresee.', 'Please report it with the log.'),
} as const satisfies CodeTable
