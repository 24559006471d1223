import type { Json, TaskContext } from '../../../src/bee/index.ts'
import { answer, states } from './protocol.ts'
import { storageKey } from './storage-key.ts'

/** Keys of one read: a reply stays some megabyte at most. */
const mostKeys = 2000

/**
 * Reads state rows into a map.
 * @returns false when the tenant's events have been consumed further than `version` meanwhile: what was read is of two times
 */
export async function loadStates(
  { read }: Pick<TaskContext<unknown, unknown>, 'read'>,
  tenant: string,
  version: number,
  keys: readonly string[],
  into: Map<string, Json>,
): Promise<boolean> {
  const wanted = new Map(keys.filter((key) => !into.has(key)).map((key) => [storageKey(key), key]))
  const stored = [...wanted.keys()]
  for (let from = 0; from < stored.length; from += mostKeys) {
    const payload = { op: 'states', tenant, keys: stored.slice(from, from + mostKeys) }
    const found = answer(states, await read(payload), 'states')
    if (found.version !== version) return false
    for (const [key, state] of found.states) into.set(wanted.get(key) ?? key, state as Json)
  }
  return true
}
