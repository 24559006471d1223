import { type CodeTable, code } from './code.ts'

/** Configuration and start-up. */
export const startUpCodes = {
  BEE_CONFIG_INVALID: code(
    'terminal',
    'An environment variable is missing or malformed.',
    'Set the variable named in the message; docs/configuration.md lists all of them.',
  ),
  BEE_PORT_IN_USE: code(
    'terminal',
    'The port is taken by another program.',
    'Stop that program, or set the variable that the message names to another port.',
  ),
  BEE_LOCAL_STACK_LOCKED: code(
    'terminal',
    'Another hive uses this local data folder.',
    'Stop the other hive, or set BEES_DATA_DIR to another folder.',
  ),
  BEE_LOCAL_STACK_FAILED: code(
    'terminal',
    'A part of the local stack did not start.',
    'Read the log named in the message; `bees doctor` checks the machine.',
  ),
  BEE_MIGRATION_CHANGED: code(
    'terminal',
    'A migration that was already applied has been changed.',
    'Restore the file that the message names and put the change into a new migration.',
  ),
  BEE_MIGRATION_FAILED: code(
    'terminal',
    'A migration could not be applied; the database is as it was before that file.',
    'Mend the file or the connection that the message names, then run `bees migrate` again.',
  ),
  BEE_SELF_TEST_FAILED: code(
    'terminal',
    'Two Ed25519 implementations disagree on this machine.',
    'Do not run bees here: reinstall Node and the dependencies, then try again.',
  ),
  BEE_BEE_INVALID: code(
    'terminal',
    'A bee module does not follow the contract.',
    'Mend what the message names; docs/adding-a-bee.md shows a complete bee.',
  ),
  BEE_BEE_DUPLICATE: code(
    'terminal',
    'There is a bee of that name already.',
    'Choose another name: it is the folder and the executor type.',
  ),
  BEE_TASK_UNKNOWN: code(
    'terminal',
    'No bee here has a task of that name.',
    'Check the name with `bees list`; deploy the bee before its tasks are submitted.',
  ),
} as const satisfies CodeTable
