import { type CodeTable, code } from './code.ts'

/** Dead letters and redrives. */
export const deadLetterCodes = {
  BEE_DEAD_NOT_FOUND: code(
    'terminal',
    'There is no dead letter and no failed process of that id.',
    'Copy the id from `bees dead list`.',
  ),
  BEE_DEAD_ALTERED: code(
    'terminal',
    'What is stored is not what was put aside: its digest is another one.',
    'Do not hand it in again; find out who can write to the database, and take the event from its sender.',
  ),
  BEE_REDRIVEN_ALREADY: code(
    'terminal',
    'It was handed in again already, and that process has not failed.',
    'Look at the process that the message names; `--again` hands it in once more.',
  ),
} as const satisfies CodeTable
