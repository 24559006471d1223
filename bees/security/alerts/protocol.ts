import { type Json, z } from '../../../src/bee/index.ts'
import { message } from './message.ts'
import type { SendOutcome } from './outcome.ts'
import type { AlertServices, Channel } from './services.ts'

/** What goes back and forth between a hive that sends and `security.alerts_step`. */

/** How long a claimed message is nobody else's. Longer than any sending, so that two never send it side by side. */
export const leaseS = 60

const delivery = z.object({
  id: z.string(),
  /** Of this claim: who was overtaken can record nothing but that it has been sent. */
  fence: z.int(),
  /** From 1. */
  attempt: z.int(),
  receiver: z.string(),
  kind: z.string(),
  message: z.unknown(),
  reference: z.json().nullable(),
})
export type Delivery = z.output<typeof delivery>

const claimed = z.object({ deliveries: z.array(delivery) })
const settled = z.object({ state: z.enum(['sent', 'dead', 'waiting', 'sending', 'gone']), changed: z.boolean() })

/** The time that the step goes by, when it is not the database's. */
export const atOf = ({ atMs }: Pick<AlertServices, 'atMs'>): { readonly at_ms?: number } =>
  atMs === undefined ? {} : { at_ms: atMs() }

/** @param most messages of each receiver, and notifications that become due at once */
export function claimStep(services: AlertServices, isReady: (channel: Channel) => boolean, most: number): Json {
  return {
    op: 'alerts_claim',
    ...atOf(services),
    lease_s: leaseS,
    most,
    receivers: [...services.channels.values()].map((channel) => ({
      name: channel.receiver.name,
      kind: channel.receiver.kind,
      route: channel.receiver.route === false ? null : channel.receiver.route,
      ready: isReady(channel),
    })),
  }
}

export const claimReply = (output: Json): readonly Delivery[] => claimed.parse(output).deliveries

/** `held`: it was not tried, and is to be tried after `wait_ms`. */
export type Settlement = SendOutcome | { readonly outcome: 'held' }

export function settleStep(
  services: AlertServices,
  { id, fence }: Pick<Delivery, 'id' | 'fence'>,
  settlement: Settlement,
  waitMs: number,
  mostAttempts: number,
): Json {
  const { outcome } = settlement
  return {
    op: 'alerts_settle',
    ...atOf(services),
    ...{ id, fence, outcome, wait_ms: waitMs, most_attempts: mostAttempts },
    problem: 'problem' in settlement ? settlement.problem : null,
    status: 'status' in settlement ? settlement.status : null,
    reference: settlement.outcome === 'sent' ? (settlement.reference ?? null) : null,
  }
}

export const settleReply = (output: Json): z.output<typeof settled> => settled.parse(output)

/** Undefined: not one that this version can send. */
export const messageOf = ({ message: stored }: Delivery) => message.safeParse(stored).data
