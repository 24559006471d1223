/**
 * Streams between the submitter and the executor of a process, in memory: a restart or the end of the process loses
 * them, as in the original. Access is checked elsewhere.
 */

import { broken } from '../refusal.ts'
import { createTokenBucket, type TokenBucket } from './token-bucket.ts'

export interface Entry {
  readonly sequence: bigint
  /** 0 = no reply. */
  readonly inReplyTo: bigint
  /** Microseconds since 1970. */
  readonly timestampUs: number
  readonly senderId: string
  /** Base64; null when the sender sent none. */
  readonly payload: string | null
  /** `data`, `end`, `error` or what the sender chose. */
  readonly type: string
}

export interface Follower {
  /** A new entry, in the order of arrival. */
  entry(entry: Entry): void
  /** The channel is gone. */
  end(): void
}

export interface ChannelLimits {
  readonly maxMessageBytes: number
  readonly maxChannelsPerProcess: number
  readonly maxEntriesPerChannel: number
  /** Token bucket of appends, one per process. */
  readonly appendsPerS: number
  readonly appendBurst: number
}

export const channelLimits: ChannelLimits = Object.freeze({
  maxMessageBytes: 10 * 1024 * 1024,
  maxChannelsPerProcess: 100,
  maxEntriesPerChannel: 10_000,
  appendsPerS: 100,
  appendBurst: 500,
})

/** Names a channel that exists: declared by the process, which has not ended. */
export interface ChannelKey {
  readonly processid: string
  readonly name: string
}

export interface Channels {
  /** Adds an entry and tells the followers. Refuses with 500 what is beyond a limit. */
  append(key: ChannelKey, entry: Entry): void
  /** Entries from a position in the log (not a sequence number) on; `limit` 0 = all. */
  read(key: ChannelKey, position: number, limit: number): readonly Entry[]
  /** @returns a function that ends the following */
  follow(key: ChannelKey, follower: Follower): () => void
  /** Forgets all channels of a process. */
  drop(processid: string): void
}

interface Channel {
  readonly log: Entry[]
  readonly followers: Set<Follower>
}

interface ProcessChannels {
  readonly channels: Map<string, Channel>
  readonly bucket: TokenBucket
}

/** @param nowMs a monotonic clock, milliseconds */
export function createChannels(limits: ChannelLimits = channelLimits, nowMs = () => performance.now()): Channels {
  const processes = new Map<string, ProcessChannels>()

  const ofProcess = (processid: string): ProcessChannels => {
    const known = processes.get(processid)
    if (known !== undefined) return known
    const bucket = createTokenBucket(limits.appendBurst, limits.appendsPerS, nowMs)
    const created: ProcessChannels = { channels: new Map(), bucket }
    processes.set(processid, created)
    return created
  }
  const open = ({ processid, name }: ChannelKey): Channel => {
    const { channels } = ofProcess(processid)
    const known = channels.get(name)
    if (known !== undefined) return known
    if (channels.size >= limits.maxChannelsPerProcess) throw broken('the process has too many channels')
    const created: Channel = { log: [], followers: new Set() }
    channels.set(name, created)
    return created
  }

  return {
    append(key, entry) {
      if (decodedBytes(entry.payload) > limits.maxMessageBytes) throw broken('the payload is too large')
      const channel = open(key)
      if (!ofProcess(key.processid).bucket.take()) throw broken('too many messages, try again later')
      if (channel.log.length >= limits.maxEntriesPerChannel) throw broken('the channel is full')
      insert(channel.log, entry)
      for (const follower of [...channel.followers]) follower.entry(entry)
    },
    read(key, position, limit) {
      const { log } = open(key)
      const from = Math.max(0, position)
      return log.slice(from, limit > 0 ? from + limit : undefined)
    },
    follow(key, follower) {
      const { followers } = open(key)
      followers.add(follower)
      return () => followers.delete(follower)
    },
    drop(processid) {
      const gone = processes.get(processid)
      processes.delete(processid)
      for (const { followers } of gone?.channels.values() ?? []) for (const follower of [...followers]) follower.end()
    },
  }
}

/**
 * Sorts a new entry in from the end: before entries of the same sender with a higher sequence, after everything else.
 * So a late entry lands before positions that were read already.
 */
function insert(log: Entry[], entry: Entry): void {
  let at = log.length
  for (; at > 0; at -= 1) {
    const before = log[at - 1]
    if (before === undefined || before.senderId !== entry.senderId || before.sequence <= entry.sequence) break
  }
  log.splice(at, 0, entry)
}

function decodedBytes(base64: string | null): number {
  if (base64 === null || base64 === '') return 0
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0
  return (base64.length / 4) * 3 - padding
}
