import type { Channels, Entry } from '../channel/channels.ts'
import { channelsOf, entryJson, openChannel } from '../channel/open-channel.ts'
import type { ServerContext } from '../context.ts'
import { decode, integer, struct, text } from '../decode.ts'
import { encode, type Json } from '../json.ts'
import { after, type SocketHandler, type SocketPeer, sendFrame } from './socket-handler.ts'

const request = struct({ processid: text, name: text, afterseq: integer, timeout: integer })

const defaultTimeoutS = 30
/** Frames that a reader may be behind before it is dropped. */
const maxBacklog = 10_000

/**
 * Follows a channel: what is there in one frame, then a frame per entry, an empty list at the timeout. The socket stays
 * open; frames that it gets meanwhile wait. Ends without a frame when the process ends.
 */
export const subscribeChannel: SocketHandler = async (message, caller, peer, context) => {
  const { processid, name, afterseq, timeout } = decode(request, message)
  const key = await openChannel({ processid, name }, caller, context)
  const channels = channelsOf(context)
  const existing = channels.read(key, afterseq, 0)
  if (existing.length > 0)
    push(
      existing.map((entry) => entryJson(entry, context.formatTime)),
      peer,
      context,
    )
  const timeoutS = timeout === 0 ? defaultTimeoutS : timeout
  const ended = await follow(channels, key, { timeoutS, signal: caller.signal, peer, context })
  if (ended === 'timeout') push([], peer, context)
}

interface Following {
  readonly timeoutS: number
  readonly signal: AbortSignal
  readonly peer: SocketPeer
  readonly context: ServerContext
}

/** Sends entries as they come until the time is over, the channel or the socket is gone, or the reader is too slow. */
async function follow(
  channels: Channels,
  key: { readonly processid: string; readonly name: string },
  { timeoutS, signal, peer, context }: Following,
): Promise<'timeout' | 'gone'> {
  let backlog = 0
  const { promise, resolve } = Promise.withResolvers<'timeout' | 'gone'>()
  const entry = (added: Entry) => {
    if (backlog >= maxBacklog) {
      push([tooSlow(context)], peer, context)
      return resolve('gone')
    }
    backlog += 1
    push([entryJson(added, context.formatTime)], peer, context, () => {
      backlog -= 1
    })
  }
  const finished = new AbortController()
  const over = AbortSignal.any([signal, finished.signal])
  const stop = channels.follow(key, { entry, end: () => resolve('gone') })
  over.addEventListener('abort', () => resolve('gone'), { once: true })
  if (over.aborted) resolve('gone')
  after(timeoutS, over, () => resolve('timeout'))
  try {
    return await promise
  } finally {
    stop()
    finished.abort()
  }
}

function tooSlow({ formatTime }: ServerContext): Json {
  const error = 'the reader is too slow and was dropped'
  return { sequence: 0, timestamp: formatTime(0), senderid: '', payload: null, error }
}

function push(entries: readonly Json[], peer: SocketPeer, context: ServerContext, sent?: () => void): void {
  sendFrame(peer, { payloadtype: 'subscribechannelmsg', json: encode(entries) }, context, sent)
}
