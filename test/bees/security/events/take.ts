import type { SecurityEvent } from '../../../../bees/security/events/event.ts'
import { normalise } from '../../../../bees/security/events/normalise.ts'
import { createPseudonymiser } from '../../../../bees/security/events/pseudonym.ts'
import { pseudonymKey } from './ingest.ts'

export const pseudonyms = createPseudonymiser({ key: pseudonymKey, ipPolicy: 'keep' }, 'default')

/** The items as the tenant `default` sends them. */
export const take = (...items: unknown[]) => normalise(items, { tenant: 'default', pseudonyms })

/** The event that an item must make. */
export const one = (item: unknown): SecurityEvent => {
  const { events, refusals } = take(item)
  const [event] = events
  if (event === undefined) throw new Error(`not taken: ${JSON.stringify(refusals)}`)
  return event
}

export const own = (more: object = {}) => ({ id: 'x', time: 1_800_000_000_000, action: 'login', ...more })
