import { type CodeTable, code } from './code.ts'

/** The Security Bee and the commands about it. */
export const securityCodes = {
  BEE_SECURITY_RULE_INVALID: code(
    'terminal',
    'A rule file of the Security Bee is wrong; the message names every mistake with file and path.',
    'Mend the file, or take it away; docs/detections.md shows rules that work.',
  ),
  BEE_SECURITY_STATE_INVALID: code(
    'terminal',
    'The stored state of a rule or a detector is not one that this version can read.',
    'Run the version that wrote it, or delete the row: the rule begins to learn anew.',
  ),
  BEE_SECURITY_NOT_FOUND: code(
    'terminal',
    'There is no incident, finding, plan or silence with this id.',
    'Look it up with `bees security findings` or `bees security plans`; of another tenant with --tenant.',
  ),
  BEE_SECURITY_NOT_DONE: code(
    'terminal',
    'The hive did not do what was asked of the Security Bee; the message says why.',
    'Read the reason; `bees security` and `bees security explain` show how things are now.',
  ),
} as const satisfies CodeTable
