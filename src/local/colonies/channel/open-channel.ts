import type { Caller, ServerContext } from '../context.ts'
import type { Json } from '../json.ts'
import { requireMember } from '../membership.ts'
import { findProcess } from '../process-store.ts'
import { forbidden, missing } from '../refusal.ts'
import type { FormatTime } from '../time.ts'
import { type ChannelKey, type Channels, createChannels, type Entry } from './channels.ts'

const ofServer = new WeakMap<ServerContext, Channels>()

/** The channels of a server. */
export function channelsOf(context: ServerContext): Channels {
  const known = ofServer.get(context)
  if (known !== undefined) return known
  const created = createChannels()
  ofServer.set(context, created)
  return created
}

/** Channels end with their process. */
export function setUp(context: ServerContext): void {
  context.hooks.onGone.push((processid) => channelsOf(context).drop(processid))
}

/**
 * Lets the submitter and the assigned executor of a process at a channel that the process declares. Refuses with 404
 * an unknown process or channel, also after the process has ended, and with 403 everybody else.
 */
export async function openChannel(key: ChannelKey, caller: Caller, context: ServerContext): Promise<ChannelKey> {
  const process = await findProcess(key.processid, context.store)
  if (process === undefined) throw missing(`there is no process with the id <${key.processid}>`)
  requireMember(process.colonyname, caller, context)
  const exists = process.state <= 1 && process.channels?.includes(key.name) === true
  if (!exists) throw missing(`the process has no channel <${key.name}>`)
  if (caller.id !== process.initiatorid && caller.id !== process.assignedexecutorid) {
    throw forbidden('only the submitter and the assigned executor may use a channel')
  }
  return key
}

export function entryJson(entry: Entry, formatTime: FormatTime): Json {
  return {
    sequence: entry.sequence,
    ...(entry.inReplyTo === 0n ? {} : { inreplyto: entry.inReplyTo }),
    timestamp: formatTime(entry.timestampUs),
    senderid: entry.senderId,
    payload: entry.payload,
    type: entry.type,
  }
}
