import { uids } from '../../bees/security/events/derive.ts'
import type { Action, SecurityEvent } from '../../bees/security/events/event.ts'

export const tenant = 'acme'

type Fields = Partial<Omit<SecurityEvent, 'id' | 'tenant' | 'time' | 'class_uid' | 'activity_id' | 'account'>>
/** What makes an event besides its time: the action and whatever is known. */
export type Draft = Fields & { readonly action: Action }

/** Sources that send heartbeats. */
export const sources = ['supabase_auth', 'supabase_edge', 'auth_hook', 'app', 'hive'] as const

export type MakeEvent = (timeMs: number, draft: Draft) => SecurityEvent

/**
 * Makes events with ids of their own. The status is `1` and the source `supabase_auth` unless the draft says otherwise. Ids
 * tell nothing: no prefix says who made it.
 */
export function createEventMaker(): MakeEvent {
  let made = 0
  return (timeMs, draft) => {
    made += 1
    const [classUid, activityId] = uids[draft.action]
    const account = draft.user_uid ?? draft.identifier
    const event = {
      source: 'supabase_auth',
      status_id: 1,
      ...draft,
      id: made.toString(36).padStart(7, '0'),
      tenant,
      time: Math.floor(timeMs),
      class_uid: classUid,
      activity_id: activityId,
    }
    return account === undefined ? event : { ...event, account }
  }
}
