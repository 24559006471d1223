import { Bulkhead, type Clock, systemClock } from '../../resilience/index.ts'
import { type Sender, senderFinder } from './find-sender.ts'
import { type KeyedLimits, keyedLimits } from './keyed-limits.ts'
import type { EventsIngressOptions } from './types.ts'

/** The options with every default filled in and checked. */
export interface EventsSettings extends EventsIngressOptions {
  readonly senderOf: (headers: Headers) => Sender | undefined
  readonly maxBytes: number
  readonly maxInflatedBytes: number
  readonly maxItems: number
  readonly totalMs: number
  readonly clock: Clock
  readonly senders: KeyedLimits
  readonly strangers: KeyedLimits
  readonly places: Bulkhead
}

const shortestSecret = 16

/** @throws TypeError that names the option and what was received (never a secret) */
export function eventsSettings(options: EventsIngressOptions): EventsSettings {
  const { secrets, clock = systemClock } = options
  if (secrets.length === 0) throw new TypeError('expected at least one secret, received none')
  if (secrets.some(({ secret }) => secret.trim().length < shortestSecret)) {
    throw new TypeError(`expected secrets of at least ${shortestSecret} characters, received a shorter one`)
  }
  const positive = (name: string, value: number): number => {
    if (Number.isFinite(value) && value > 0) return value
    throw new TypeError(`expected ${name} to be a number above 0, received ${value}`)
  }
  const perSecond = positive('perSecond', options.perSecond ?? 50)
  const perMinute = positive('wrongPerMinute', options.wrongPerMinute ?? 30)
  const atOnce = positive('atOnce', options.atOnce ?? 8)
  return Object.freeze({
    ...options,
    senderOf: senderFinder(secrets.map((one) => ({ ...one, secret: one.secret.trim() }))),
    maxBytes: positive('maxBytes', options.maxBytes ?? 1_048_576),
    maxInflatedBytes: positive('maxInflatedBytes', options.maxInflatedBytes ?? 8_388_608),
    maxItems: positive('maxItems', options.maxItems ?? 5000),
    totalMs: positive('totalMs', options.totalMs ?? 10_000),
    clock,
    senders: keyedLimits({ perSecond, burst: Math.max(1, perSecond * 4), clock }),
    strangers: keyedLimits({ perSecond: perMinute / 60, burst: Math.max(1, perMinute), clock }),
    places: new Bulkhead({ limit: atOnce, queue: atOnce * 4 }),
  })
}
