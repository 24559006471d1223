import type { Json } from '../../../src/canonical.ts'
import { handledEventTypes } from '../../../src/http/webhook/event-types.ts'
import { parseEvent } from '../../../src/http/webhook/parse-event.ts'
import type { WorldEvent } from '../../../src/local/stripe/index.ts'

/**
 * The task's input as the webhook makes it of the body that Stripe sends. Thin events of types that nobody handles end at
 * the webhook; their snapshots come instead here, since the bee must cope with those.
 */
export function inputOf(event: WorldEvent, form: 'snapshot' | 'thin'): { readonly event: Json } {
  const thin = form === 'thin' && handledEventTypes.includes(event.type)
  const body = JSON.stringify(thin ? event.thin() : event.snapshot())
  return { event: parseEvent(body, 'drop') as unknown as Json }
}
