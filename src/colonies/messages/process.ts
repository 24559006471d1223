import { z } from 'zod'
import { gpu, int64, json, jsonObject, listOf, optionalText, textMap, time } from './fields.ts'

/** States of a process and of a workflow. */
export const ProcessState = { WAITING: 0, RUNNING: 1, SUCCESS: 2, FAILED: 3, CANCELLED: 4 } as const
export type ProcessState = (typeof ProcessState)[keyof typeof ProcessState]

export const processState = z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3), z.literal(4)])

/** Kinds of attribute: 0 input, 1 output, 2 error, 3 environment. */
export const attribute = z.object({
  attributeid: z.string(),
  targetid: z.string(),
  targetcolonyname: z.string(),
  targetprocessgraphid: z.string(),
  state: z.int(),
  attributetype: z.int(),
  key: z.string(),
  value: z.string(),
})

const conditions = z.object({
  colonyname: z.string(),
  executornames: listOf(z.string()),
  executortype: z.string(),
  locationname: optionalText,
  dependencies: listOf(z.string()),
  nodes: z.int(),
  cpu: z.string(),
  processes: z.int(),
  processespernode: z.int(),
  mem: z.string(),
  storage: z.string(),
  gpu,
  walltime: z.int(),
})

const snapshotMount = z.object({
  snapshotid: z.string(),
  label: z.string(),
  dir: z.string(),
  keepfiles: z.boolean(),
  keepsnapshot: z.boolean(),
})

const keepLocal = z.object({ keeplocal: z.boolean() })

const directoryMount = z.object({
  label: z.string(),
  dir: z.string(),
  keepfiles: z.boolean(),
  onconflicts: z.object({ onstart: keepLocal, onclose: keepLocal }),
})

/** A function specification as the server stores it: units normalised, lists filled. Times in seconds. */
export const storedFunctionSpec = z.object({
  nodename: z.string(),
  funcname: z.string(),
  args: listOf(json),
  kwargs: jsonObject,
  priority: z.int(),
  maxwaittime: z.int(),
  maxexectime: z.int(),
  maxretries: z.int(),
  conditions,
  label: z.string(),
  fs: z.object({ mount: z.string(), snapshots: listOf(snapshotMount), dirs: listOf(directoryMount) }),
  env: textMap,
  channels: listOf(z.string()),
})

/**
 * A process. `retries` and `starttime` together order its assignments; `prioritytime` is in nanoseconds.
 * With exclusive assignment the reply of an assign has no `execdeadline` yet.
 */
export const process = z.object({
  processid: z.string().min(1),
  initiatorid: z.string(),
  initiatorname: z.string(),
  assignedexecutorid: z.string(),
  isassigned: z.boolean(),
  state: processState,
  prioritytime: int64,
  submissiontime: time,
  starttime: time,
  endtime: time,
  waitdeadline: time,
  execdeadline: time,
  retries: z.int(),
  attributes: listOf(attribute),
  spec: storedFunctionSpec,
  waitforparents: z.boolean(),
  parents: listOf(z.string()),
  children: listOf(z.string()),
  processgraphid: z.string(),
  in: listOf(json),
  out: listOf(json),
  errors: listOf(z.string()),
})

export type Attribute = z.output<typeof attribute>
export type StoredFunctionSpec = z.output<typeof storedFunctionSpec>
export type Process = z.output<typeof process>
