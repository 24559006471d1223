import { type BeeError, Breaker, type Clock, type Environment, systemClock } from '../../../src/bee/index.ts'
import { readReceivers } from './receivers/read-receivers.ts'
import type { Receiver } from './receivers/receiver.ts'
import type { Lookup } from './wire/allowed-address.ts'

/** A receiver and how it is doing, as far as this hive knows. */
export interface Channel {
  readonly receiver: Receiver
  /** Open while it does not answer, so that its messages cost nobody time. */
  readonly breaker: Breaker
  /** It asked to be left alone until then; monotonic milliseconds. */
  pausedUntilMs: number
}

/** What the sending of alerts needs from outside; built once for each hive. */
export interface AlertServices {
  /** By the receiver's name. */
  readonly channels: ReadonlyMap<string, Channel>
  readonly allowPrivate: boolean
  /** For breakers, waits and the stamps of signatures. */
  readonly clock: Clock
  /** Uniform in [0, 1), for the waits between tries. */
  readonly random: () => number
  /** @default the system's */
  readonly lookup?: Lookup | undefined
  /** Wall clock that intervals, silences and leases go by, milliseconds. @default the clock of the database */
  readonly atMs?: (() => number) | undefined
}

/** What tests set. */
export type AlertParts = Partial<Pick<AlertServices, 'clock' | 'random' | 'lookup' | 'atMs'>>

/** A receiver that has failed so often in a row is left alone for 5 s, then 10 s, up to 2 min. */
const breaking = {
  ...{ failures: 4, openMs: 5000, openCapMs: 120_000 },
  judge: ({ code }: BeeError) => (code === 'BEE_CANCELLED' ? ('neutral' as const) : ('failure' as const)),
}

/** @throws BeeError BEE_CONFIG_INVALID */
export function createAlertServices(env: Environment, parts: AlertParts = {}): AlertServices {
  const { clock = systemClock, random = Math.random, lookup, atMs } = parts
  const { receivers, allowPrivate } = readReceivers(env)
  const channels = receivers.map((receiver): [string, Channel] => [
    receiver.name,
    { receiver, breaker: new Breaker({ ...breaking, clock }), pausedUntilMs: 0 },
  ])
  return Object.freeze({ channels: new Map(channels), allowPrivate, clock, random, lookup, atMs })
}
