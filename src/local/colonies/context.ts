import type { Logger } from 'pino'

import type { Message } from './decode.ts'
import type { Directory } from './directory.ts'
import type { ProcessEvents } from './events.ts'
import type { Faults } from './faults.ts'
import type { Hooks } from './hooks.ts'
import type { Settings } from './options.ts'
import type { Reply } from './reply.ts'
import type { Store } from './store.ts'
import type { Clock, FormatTime } from './time.ts'
import type { Timers } from './timers.ts'
import type { Waiters } from './waiters.ts'

/** Everything a handler may use. One per server; nothing global. */
export interface ServerContext {
  readonly settings: Settings
  /** Where the listener is reached; filled in before the first request. */
  readonly address: { readonly host: string; readonly port: number }
  readonly store: Store
  /** Colonies, executors and users: in memory, written through to the store. */
  readonly directory: Directory
  readonly clock: Clock
  /** Microseconds to RFC 3339 in the server's zone. */
  readonly formatTime: FormatTime
  readonly events: ProcessEvents
  readonly waiters: Waiters
  readonly timers: Timers
  readonly hooks: Hooks
  readonly faults: Faults
  readonly logger: Logger
}

/** Who called. */
export interface Caller {
  /** Identity recovered from the signature; an empty string for unsigned calls. */
  readonly id: string
  /** Aborted when the client hangs up (or the server closes): a waiting call ends without effect. */
  readonly signal: AbortSignal
}

/** Answers one message type. Throws `Refusal` for an error envelope. */
export type Handler = (message: Message, caller: Caller, context: ServerContext) => Promise<Reply>

/** What every file in handlers/ exports under the name `handlers`. */
export type HandlerTable = Readonly<Record<string, Handler>>
