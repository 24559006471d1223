import { type CodeTable, code } from './code.ts'

/** Running. */
export const runningCodes = {
  BEE_OUTPUT_INVALID: code(
    'terminal',
    "The handler returned something that does not fit the task's output schema.",
    'Mend the bee.',
  ),
  BEE_HANDLER_FAILED: code(
    'retryable',
    'The handler threw an error.',
    'Read the log of the process; throw TerminalError in the bee if a repeat cannot help.',
  ),
  BEE_HANDLER_REFUSED: code('terminal', 'The handler refused the task.', 'Read the reason in the message.'),
  BEE_DEADLINE: code(
    'retryable',
    'The time budget of the process was used up.',
    'Make the task faster or give it a longer deadline.',
  ),
  BEE_CANCELLED: code('fenced', 'The process was cancelled at the broker.', 'Nothing: somebody wanted this.'),
  BEE_OWNERSHIP_LOST: code(
    'fenced',
    'The process belongs to another executor or assignment now.',
    'Nothing: the other one finishes it.',
  ),
  BEE_BULKHEAD_FULL: code(
    'retryable',
    'Too many works wait for a place already.',
    'Nothing while it drains; raise the limit, or add slots or hives, if it lasts.',
  ),
  BEE_SHUTTING_DOWN: code(
    'retryable',
    'The hive is shutting down and gives the process back.',
    'Nothing: another executor takes it.',
  ),
} as const satisfies CodeTable
