/**
 * All message types. To add a group: write handlers/<group>.ts with `handlers` (and, for timers, hooks or tables of
 * its own, `setUp` and `ddl`), and name it in the lists below.
 */

import { setUp as setUpChannels } from './channel/open-channel.ts'
import type { HandlerTable, ServerContext } from './context.ts'
import { ddl as cronDdl } from './cron/cron-store.ts'
import { setUp as setUpCrons } from './cron/run-crons.ts'
import { setUp as setUpGenerators } from './generator/fire-generators.ts'
import { ddl as generatorDdl } from './generator/generator-store.ts'
import { handlers as assign } from './handlers/assign.ts'
import { handlers as attributes } from './handlers/attributes.ts'
import { handlers as channels } from './handlers/channels.ts'
import { handlers as close } from './handlers/close.ts'
import { handlers as colonies } from './handlers/colonies.ts'
import { handlers as crons } from './handlers/crons.ts'
import { handlers as executors } from './handlers/executors.ts'
import { handlers as functions } from './handlers/functions.ts'
import { handlers as generators } from './handlers/generators.ts'
import { handlers as identities } from './handlers/identities.ts'
import { ddl as locationDdl, handlers as locations, setUp as setUpLocations } from './handlers/locations.ts'
import { handlers as logs } from './handlers/logs.ts'
import { handlers as pause } from './handlers/pause.ts'
import { handlers as processes } from './handlers/processes.ts'
import { handlers as removal } from './handlers/removal.ts'
import { handlers as server } from './handlers/server.ts'
import { handlers as statistics } from './handlers/statistics.ts'
import { handlers as submit } from './handlers/submit.ts'
import { handlers as trivial } from './handlers/trivial.ts'
import { handlers as users } from './handlers/users.ts'
import { handlers as workflows } from './handlers/workflows.ts'
import { setUp as setUpLimits } from './limits.ts'
import { setUp as setUpStaleExecutors } from './stale-executors.ts'
import { ddl as workflowDdl } from './workflow/graph-store.ts'
import { setUp as setUpWorkflows } from './workflow/set-up-workflows.ts'

/** Every message type that is answered. */
export const handlers: HandlerTable = Object.freeze({
  ...assign,
  ...attributes,
  ...channels,
  ...close,
  ...colonies,
  ...crons,
  ...executors,
  ...functions,
  ...generators,
  ...identities,
  ...locations,
  ...logs,
  ...pause,
  ...processes,
  ...removal,
  ...server,
  ...statistics,
  ...submit,
  ...trivial,
  ...users,
  ...workflows,
})

/** Runs once at start, before the first request: registers timers and hooks, reads state back. */
export type SetUp = (context: ServerContext) => void | Promise<void>

export const setUps: readonly SetUp[] = [
  setUpLimits,
  setUpStaleExecutors,
  setUpWorkflows,
  setUpCrons,
  setUpGenerators,
  setUpChannels,
  setUpLocations,
]

/** Tables of groups that are not in schema.ts; `$schema` is replaced. Every statement may run again. */
export const extraDdl: readonly string[] = [...workflowDdl, ...cronDdl, ...generatorDdl, ...locationDdl]
