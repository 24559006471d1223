/** Colonies, executors, users, locations and what the server says about itself. */

import { z } from 'zod'
import { gpu, listOf, optionalText, time } from './fields.ts'

export const colony = z.object({ colonyid: z.string(), name: z.string() })

/** States of an executor: 0 pending, 1 approved, 2 rejected, 3 unregistered. */
export const executorStates = { pending: 0, approved: 1, rejected: 2, unregistered: 3 } as const

const hardware = z.object({
  model: z.string(),
  nodes: z.int(),
  cpu: z.string(),
  cores: z.int(),
  mem: z.string(),
  storage: z.string(),
  gpu,
  platform: z.string(),
  architecture: z.string(),
  network: listOf(z.string()),
})

const software = z.object({ name: z.string(), type: z.string(), version: z.string() })

const project = z.object({
  allocatedcpu: z.int(),
  usedcpu: z.int(),
  allocatedgpu: z.int(),
  usedgpu: z.int(),
  allocatedstorage: z.int(),
  usedstorage: z.int(),
})

/** Informational only: no part of it takes part in matching. */
export const capabilities = z.object({ hardware: listOf(hardware), software: listOf(software) })

export const allocations = z.object({
  projects: z
    .record(z.string(), project)
    .nullish()
    .transform((projects) => projects ?? {}),
})

export const executor = z.object({
  executorid: z.string(),
  executortype: z.string(),
  executorname: z.string(),
  colonyname: z.string(),
  state: z.int(),
  requirefuncreg: z.boolean(),
  commissiontime: time,
  lastheardfromtime: time,
  locationname: optionalText,
  capabilities,
  allocations,
  blueprintid: optionalText,
  blueprintgen: z.int().optional(),
})

export const user = z.object({
  colonyname: z.string(),
  userid: z.string(),
  name: z.string(),
  email: z.string(),
  phone: z.string(),
})

export const location = z.object({
  locationid: z.string(),
  name: z.string(),
  colonyname: z.string(),
  description: z.string(),
  long: z.number(),
  lat: z.number(),
})

/** Counters. Of the whole server only the first ones are filled: workflows and cancelled processes stay 0 there. */
export const statistics = z.object({
  colonies: z.int(),
  executors: z.int(),
  activeexecutors: z.int(),
  unregisteredexecutors: z.int(),
  waitingprocesses: z.int(),
  runningprocesses: z.int(),
  successfulprocesses: z.int(),
  failedprocesses: z.int(),
  cancelledprocesses: z.int(),
  waitingworkflows: z.int(),
  runningworkflows: z.int(),
  successfulworkflows: z.int(),
  failedworkflows: z.int(),
  cancelledworkflows: z.int(),
})

const node = z.object({
  name: z.string(),
  host: z.string(),
  port: z.int(),
  peerport: z.int(),
  relayport: z.int(),
  apiport: z.int(),
})

export const cluster = z.object({ nodes: listOf(node), leader: node })

export const version = z.object({ buildversion: z.string(), buildtime: z.string() })

const backend = z.object({
  type: z.string(),
  port: z.int(),
  host: z.string(),
  tls: z.boolean().optional(),
})

export const serverInfo = version.extend({ backends: listOf(backend) })

export const pauseStatus = z.object({ colonyname: z.string(), ispaused: z.boolean() })

export const changedServerId = z.object({ serverid: optionalText })
export const changedColonyId = z.object({ colonyname: z.string(), colonyid: z.string() })
export const changedExecutorId = z.object({ colonyname: z.string(), executorid: z.string() })
export const changedUserId = z.object({ colonyname: z.string(), userid: z.string() })

export type Colony = z.output<typeof colony>
export type Executor = z.output<typeof executor>
export type Capabilities = z.input<typeof capabilities>
export type Allocations = z.input<typeof allocations>
export type User = z.output<typeof user>
export type Location = z.output<typeof location>
export type Statistics = z.output<typeof statistics>
export type Cluster = z.output<typeof cluster>
export type Version = z.output<typeof version>
export type ServerInfo = z.output<typeof serverInfo>
export type PauseStatus = z.output<typeof pauseStatus>
