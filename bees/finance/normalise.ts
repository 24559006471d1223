import { TerminalError } from '../../src/bee/index.ts'
import { appliedType } from './event-types.ts'
import { rfc3339 } from './fields.ts'
import { toldOf } from './objects/told-of.ts'
import { kindOf } from './related-object.ts'
import type { EventHead, Take } from './steps.ts'
import { accountOf, isThin, type SnapshotEvent, type StripeEvent, type ThinEvent } from './stripe-event.ts'

/** What an event says, in the one form that every API version and both kinds of delivery come to. */
export type Heard = Pick<Take, 'head' | 'target' | 'facts'>

/**
 * One form for every API version, by the members that are there, without any personal data.
 *
 * @throws TerminalError when the object lacks what the event is about
 */
export function normalise(event: StripeEvent): Heard {
  return isThin(event) ? thinHeard(event) : snapshotHeard(event)
}

function snapshotHeard(event: SnapshotEvent): Heard {
  const { id, type, livemode } = event
  const head: EventHead = {
    account: accountOf(event),
    livemode,
    event: id,
    type,
    form: 'snapshot',
    created_at: rfc3339(event.created),
    api_version: event.api_version ?? null,
  }
  const applied = appliedType(type)
  if (applied === undefined) return { head, target: null, facts: [] }
  const facts = toldOf(applied.kind, event.data.object, applied.deleted)
  const object = facts[0]?.fact.id
  return { head, target: object === undefined ? null : { kind: applied.kind, object }, facts }
}

/** The twins are one event: both go by the snapshot's id and type. */
function thinHeard(event: ThinEvent): Heard {
  const type = event.type.slice('v1.'.length)
  const head: EventHead = {
    account: accountOf(event),
    livemode: event.livemode,
    event: event.snapshot_event ?? event.id,
    type,
    form: 'thin',
    created_at: new Date(event.created).toISOString(),
    api_version: null,
  }
  const applied = appliedType(type)
  if (applied === undefined) return { head, target: null, facts: [] }
  if (!event.related_object) throw new TerminalError('thin event: cannot read related_object')
  const { id, type: objectType } = event.related_object
  return { head, target: { kind: kindOf(objectType) ?? applied.kind, object: id }, facts: [] }
}
