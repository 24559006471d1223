import { Buffer } from 'node:buffer'
import type { Process, ProcessState } from '../messages/process.ts'
import type { ChannelEntry } from '../messages/records.ts'
import { openSubscription, type Subscription, type SubscriptionClose } from '../subscription.ts'
import type { CallOptions } from '../with-deadline.ts'
import { RecordCalls } from './record-calls.ts'

export interface AppendOptions extends CallOptions {
  /** "" for data, "end" for the end of a stream, "error", or a word of your own. */
  readonly payloadType?: string | undefined
}

export type OnClose = (event: SubscriptionClose) => void
export type OnError = (error: Error) => void

/** Calls about channels, and subscriptions over a WebSocket. */
export class StreamCalls extends RecordCalls {
  /**
   * Appends to a channel of a process. Submitter, or assigned executor.
   * @param sequence strictly increasing per sender: a lower one is put before entries that were read already.
   * @param inReplyTo sequence number that this answers; 0 for none.
   */
  channelAppend(
    processId: string,
    channelName: string,
    sequence: number | bigint,
    inReplyTo: number | bigint,
    payload: string | Uint8Array,
    options: AppendOptions = {},
  ): Promise<void> {
    const { payloadType, ...rest } = options
    const message = {
      processid: processId,
      name: channelName,
      sequence,
      inreplyto: inReplyTo,
      payload: Buffer.from(payload).toString('base64'),
      payloadtype: payloadType,
    }
    return this.call('channelappendmsg', message, undefined, rest)
  }

  /**
   * Reads a channel; `not_found` once the process is closed. Submitter, or assigned executor.
   * @param afterSeq how many entries to skip: a position, in spite of its name.
   * @param limit 0 for all.
   */
  channelRead(
    processId: string,
    channelName: string,
    afterSeq: number,
    limit: number,
    options?: CallOptions,
  ): Promise<ChannelEntry[]> {
    const message = { processid: processId, name: channelName, afterseq: afterSeq, limit }
    return this.call('channelreadmsg', message, undefined, options)
  }

  /**
   * Follows a channel. At its timeout an empty list comes and the socket stays open.
   * @param afterSeq how many entries to skip.
   * @param timeout seconds; 0 for the server's 30.
   */
  subscribeChannel(
    processId: string,
    channelName: string,
    afterSeq: number,
    timeout: number,
    onMessage: (entries: ChannelEntry[]) => void,
    onError: OnError,
    onClose: OnClose,
    options: CallOptions = {},
  ): Subscription {
    const msgtype = 'subscribechannelmsg'
    const body = this.requestBody(msgtype, { processid: processId, name: channelName, afterseq: afterSeq, timeout })
    const endpoint = this.socketEndpoint(msgtype)
    return openSubscription({ ...endpoint, ...options, msgtype, body, onReply: onMessage, onError, onClose })
  }

  /**
   * Waits for a process to enter one state. A hint only: some changes are never signalled and the process in the event
   * may be older than the change, so read the process afterwards and now and then without an event.
   * @param timeout seconds; then the server cuts the socket, which `onClose` reports as 1006.
   */
  subscribeProcess(
    colonyName: string,
    processId: string,
    state: ProcessState,
    timeout: number,
    onProcess: (process: Process) => void,
    onError: OnError,
    onClose: OnClose,
    options: CallOptions = {},
  ): Subscription {
    const msgtype = 'subscribeprocessmsg'
    const message = { colonyname: colonyName, processid: processId, executortype: '', state, timeout }
    const body = this.requestBody(msgtype, message)
    const endpoint = this.socketEndpoint(msgtype)
    return openSubscription({ ...endpoint, ...options, msgtype, body, onReply: onProcess, onError, onClose })
  }

  /**
   * Events of all processes of an executor type that enter a state. Approved executor. Avoid it on a busy server: it is
   * not limited to one colony, and it takes the single wake-up of a new process from an executor that waits for work.
   * @param timeout seconds.
   */
  subscribeProcesses(
    colonyName: string,
    executorType: string,
    state: ProcessState,
    timeout: number,
    onProcess: (process: Process) => void,
    onError: OnError,
    onClose: OnClose,
    options: CallOptions = {},
  ): Subscription {
    const msgtype = 'subscribeprocessesmsg'
    const body = this.requestBody(msgtype, { colonyname: colonyName, executortype: executorType, state, timeout })
    const endpoint = this.socketEndpoint(msgtype)
    // Its events carry the type of the other subscription.
    const event = { msgtype: 'subscribeprocessmsg', body, onReply: onProcess, onError, onClose } as const
    return openSubscription({ ...endpoint, ...options, ...event })
  }
}
