import type { ChannelKey, Entry } from '../channel/channels.ts'
import { channelsOf, entryJson, openChannel } from '../channel/open-channel.ts'
import type { ServerContext } from '../context.ts'
import { decode, integer, struct, text } from '../decode.ts'
import { encode } from '../json.ts'
import { after, type SocketHandler, type SocketPeer, sendFrame } from './socket-handler.ts'

const request = struct({ processid: text, name: text, afterseq: integer, timeout: integer })

const defaultTimeoutS = 30

/**
 * Follows a channel: what is there in one frame, then a frame per entry, an empty list at the timeout. The socket stays
 * open; frames that it gets meanwhile wait. Ends without a frame when the process ends. A reader can be behind by no
 * more than the channel holds.
 */
export const subscribeChannel: SocketHandler = async (message, caller, peer, context) => {
  const { processid, name, afterseq, timeout } = decode(request, message)
  const key = await openChannel({ processid, name }, caller, context)
  const existing = channelsOf(context).read(key, afterseq, 0)
  if (existing.length > 0) push(existing, peer, context)
  const send = (entry: Entry) => push([entry], peer, context)
  const ended = await follow(key, send, timeout === 0 ? defaultTimeoutS : timeout, caller.signal, context)
  if (ended === 'timeout') push([], peer, context)
}

/** Hands on entries as they come until the time is over or the channel or the socket is gone. */
async function follow(
  key: ChannelKey,
  send: (entry: Entry) => void,
  timeoutS: number,
  signal: AbortSignal,
  context: ServerContext,
): Promise<'timeout' | 'gone'> {
  const { promise, resolve } = Promise.withResolvers<'timeout' | 'gone'>()
  const finished = new AbortController()
  const over = AbortSignal.any([signal, finished.signal])
  over.addEventListener('abort', () => resolve('gone'), { once: true })
  if (over.aborted) resolve('gone')
  after(timeoutS, over, () => resolve('timeout'))
  const stop = channelsOf(context).follow(key, { entry: send, end: () => resolve('gone') })
  try {
    return await promise
  } finally {
    stop()
    finished.abort()
  }
}

function push(entries: readonly Entry[], peer: SocketPeer, context: ServerContext): void {
  const json = encode(entries.map((entry) => entryJson(entry, context.formatTime)))
  sendFrame(peer, { payloadtype: 'subscribechannelmsg', json }, context)
}
