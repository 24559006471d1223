import { describe, expect, it } from 'vitest'

import {
  type ChannelLimits,
  channelLimits,
  createChannels,
  type Entry,
} from '../../../src/local/colonies/channel/channels.ts'

const key = { processid: 'p', name: 'in' }
const entry = (sequence: number, senderId = 'one', payload: string | null = 'eA=='): Entry => ({
  sequence: BigInt(sequence),
  inReplyTo: 0n,
  timestampUs: sequence,
  senderId,
  payload,
  type: 'data',
})
const unhurried: ChannelLimits = { ...channelLimits, appendBurst: 1_000_000 }

describe('channels in memory', () => {
  it('take a message of 10 MB and refuse one byte more', () => {
    const channels = createChannels()
    const ofBytes = (count: number) => Buffer.alloc(count).toString('base64')
    channels.append(key, entry(1, 'one', ofBytes(10 * 1024 * 1024)))
    expect(() => channels.append(key, entry(2, 'one', ofBytes(10 * 1024 * 1024 + 1)))).toThrow(
      expect.objectContaining({ status: 500 }),
    )
    expect(channels.read(key, 0, 0)).toHaveLength(1)
  })

  it('take 10 000 entries, then refuse; other channels go on', () => {
    const channels = createChannels(unhurried)
    for (let sequence = 1; sequence <= 10_000; sequence += 1) channels.append(key, entry(sequence))
    expect(() => channels.append(key, entry(10_001))).toThrow(expect.objectContaining({ status: 500 }))
    channels.append({ ...key, name: 'out' }, entry(1))
    expect(channels.read(key, 9_999, 0)).toHaveLength(1)
    expect(channels.read({ ...key, name: 'out' }, 0, 0)).toHaveLength(1)
  })

  it('are at most 100 to a process', () => {
    const channels = createChannels(unhurried)
    const nth = (index: number) => ({ processid: 'p', name: `c${index}` })
    for (let index = 0; index < 100; index += 1) channels.append(nth(index), entry(1))
    expect(() => channels.append(nth(100), entry(1))).toThrow(expect.objectContaining({ status: 500 }))
    expect(() => channels.read(nth(100), 0, 0)).toThrow(expect.objectContaining({ status: 500 }))
    channels.append({ processid: 'other', name: 'c100' }, entry(1))
  })

  it('take a burst of 500, then 100 a second, per process', () => {
    let nowMs = 0
    const channels = createChannels(channelLimits, () => nowMs)
    const appended = (count: number) => {
      let taken = 0
      for (let index = 0; index < count; index += 1) {
        try {
          channels.append(index % 2 === 0 ? key : { ...key, name: 'out' }, entry(index))
          taken += 1
        } catch (thrown) {
          expect(thrown).toMatchObject({ status: 500 })
        }
      }
      return taken
    }
    expect(appended(700)).toBe(500)
    nowMs += 1000
    expect(appended(700)).toBe(100)
    nowMs += 1_000_000
    expect(appended(700)).toBe(500)
    channels.append({ processid: 'other', name: 'in' }, entry(1))
  })

  it('read by position: a late entry lands before positions that were read', () => {
    const channels = createChannels()
    for (const sequence of [1, 2, 5]) channels.append(key, entry(sequence))
    expect(channels.read(key, 3, 0)).toEqual([])
    channels.append(key, entry(3))
    expect(channels.read(key, 3, 0).map((one) => one.sequence)).toEqual([5n])
    expect(channels.read(key, 0, 0).map((one) => one.sequence)).toEqual([1n, 2n, 3n, 5n])
    expect(channels.read(key, -7, 2).map((one) => one.sequence)).toEqual([1n, 2n])
    expect(channels.read(key, 99, 2)).toEqual([])
  })

  it('tell followers of every entry in the order of arrival, until they stop', () => {
    const channels = createChannels()
    const heard: bigint[] = []
    const stop = channels.follow(key, { entry: (one) => heard.push(one.sequence), end: () => heard.push(-1n) })
    channels.append(key, entry(2))
    channels.append(key, entry(1))
    stop()
    channels.append(key, entry(3))
    channels.drop('p')
    expect(heard).toEqual([2n, 1n])
  })

  it('are gone with their process, entries, followers and rate included', () => {
    const channels = createChannels({ ...channelLimits, appendBurst: 1 }, () => 0)
    let ended = 0
    channels.follow(key, { entry: () => undefined, end: () => (ended += 1) })
    channels.append(key, entry(1))
    channels.drop('p')
    expect(ended).toBe(1)
    expect(channels.read(key, 0, 0)).toEqual([])
    channels.append(key, entry(1))
  })
})
