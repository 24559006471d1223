import { subscribeChannel } from './pubsub/channel-subscription.ts'
import { subscribeProcess, subscribeProcesses } from './pubsub/process-subscriptions.ts'
import type { SocketHandler } from './pubsub/socket-handler.ts'

export interface SocketEntry {
  readonly handle: SocketHandler
  /** Status of the error frame for a message that cannot be read. */
  readonly malformedStatus: number
}

/** Frames that are understood, by payload type; others are ignored. */
export const socketHandlers: ReadonlyMap<string, SocketEntry> = new Map([
  ['subscribeprocessmsg', { handle: subscribeProcess, malformedStatus: 403 }],
  ['subscribeprocessesmsg', { handle: subscribeProcesses, malformedStatus: 403 }],
  ['subscribechannelmsg', { handle: subscribeChannel, malformedStatus: 400 }],
])
