import type { Json } from '../../../src/bee/index.ts'
import type { Approver } from './approvers.ts'

/** What SQL gets: the input, without members that are undefined, and the people whose word counts. */
export function payloadOf(
  input: Readonly<Record<string, unknown>>,
  people: readonly Approver[],
): { readonly [key: string]: Json } {
  return JSON.parse(JSON.stringify({ ...input, people }))
}
