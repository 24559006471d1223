import { bytes } from '../channel/bytes.ts'
import { channelsOf, entryJson, openChannel } from '../channel/open-channel.ts'
import type { Handler, HandlerTable } from '../context.ts'
import { decode, int64, integer, struct, text } from '../decode.ts'
import { done, reply } from '../reply.ts'

const appended = struct({
  processid: text,
  name: text,
  sequence: int64,
  inreplyto: int64,
  payload: bytes,
  payloadtype: text,
})

const append: Handler = async (message, caller, context) => {
  const { processid, name, sequence, inreplyto, payload, payloadtype } = decode(appended, message)
  const key = await openChannel({ processid, name }, caller, context)
  channelsOf(context).append(key, {
    sequence,
    inReplyTo: inreplyto,
    timestampUs: context.clock.nowUs(),
    senderId: caller.id,
    payload,
    type: payloadtype === '' ? 'data' : payloadtype,
  })
  return done
}

const read: Handler = async (message, caller, context) => {
  const request = struct({ processid: text, name: text, afterseq: integer, limit: integer })
  const { processid, name, afterseq, limit } = decode(request, message)
  const key = await openChannel({ processid, name }, caller, context)
  return reply(
    channelsOf(context)
      .read(key, afterseq, limit)
      .map((entry) => entryJson(entry, context.formatTime)),
  )
}

export const handlers: HandlerTable = {
  channelappendmsg: append,
  channelreadmsg: read,
}
