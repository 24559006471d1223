/**
 * All message types. To add a group: write handlers/<group>.ts with `handlers` (and, for timers, hooks or tables of
 * its own, `setUp` and `ddl`), and name it in the lists below.
 */

import type { HandlerTable, ServerContext } from './context.ts'
import { handlers as assign } from './handlers/assign.ts'
import { handlers as attributes } from './handlers/attributes.ts'
import { handlers as close } from './handlers/close.ts'
import { handlers as colonies } from './handlers/colonies.ts'
import { handlers as executors } from './handlers/executors.ts'
import { handlers as functions } from './handlers/functions.ts'
import { handlers as identities } from './handlers/identities.ts'
import { handlers as logs } from './handlers/logs.ts'
import { handlers as pause } from './handlers/pause.ts'
import { handlers as processes } from './handlers/processes.ts'
import { handlers as removal } from './handlers/removal.ts'
import { handlers as server } from './handlers/server.ts'
import { handlers as statistics } from './handlers/statistics.ts'
import { handlers as submit } from './handlers/submit.ts'
import { handlers as trivial } from './handlers/trivial.ts'
import { handlers as users } from './handlers/users.ts'
import { setUp as setUpLimits } from './limits.ts'
import { setUp as setUpStaleExecutors } from './stale-executors.ts'

/** Every message type that is answered. */
export const handlers: HandlerTable = Object.freeze({
  ...assign,
  ...attributes,
  ...close,
  ...colonies,
  ...executors,
  ...functions,
  ...identities,
  ...logs,
  ...pause,
  ...processes,
  ...removal,
  ...server,
  ...statistics,
  ...submit,
  ...trivial,
  ...users,
})

/** Runs once at start, before the first request: registers timers and hooks, reads state back. */
export type SetUp = (context: ServerContext) => void | Promise<void>

export const setUps: readonly SetUp[] = [setUpLimits, setUpStaleExecutors]

/** Tables of groups that are not in schema.ts; `$schema` is replaced. Every statement may run again. */
export const extraDdl: readonly string[] = []
