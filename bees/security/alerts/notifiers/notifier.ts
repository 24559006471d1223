import type { Json } from '../../../../src/bee/index.ts'
import type { Message } from '../message.ts'
import type { SendOutcome } from '../outcome.ts'
import type { Lookup } from '../wire/allowed-address.ts'

/** What a sending may need besides the message. */
export interface Sending {
  /** What the receiver called the notification's first message, if it did. */
  readonly reference: Json | null
  /** Covers everything, the answer's body included. */
  readonly signal: AbortSignal
  /** Wall clock, milliseconds since 1970. */
  readonly nowMs: number
  readonly allowPrivate: boolean
  /** @default the system's */
  readonly lookup?: Lookup | undefined
}

/** Puts one message into the words of one kind of receiver and sends it. Throws nothing that a network can cause. */
export type Notifier<Receiver> = (receiver: Receiver, message: Message, sending: Sending) => Promise<SendOutcome>
