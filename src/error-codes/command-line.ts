import { type CodeTable, code } from './code.ts'

/** Command line. */
export const commandLineCodes = {
  BEE_USAGE: code('terminal', 'The command line is not understood.', 'See `bees --help`.'),
  BEE_INTERNAL: code('retryable', 'Something happened that we did not foresee.', 'Please report it with the log.'),
} as const satisfies CodeTable
