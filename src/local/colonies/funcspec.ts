import { anything, type Decoded, flag, integer, listOf, objectOf, pointer, struct, text } from './decode.ts'
import { attributeId, newId } from './ids.ts'
import { encode, encodeAny, encodeMap } from './json.ts'
import type { AttributeRow, ProcessRow } from './process-row.ts'
import { parseCpu, parseMemory } from './units.ts'

const snapshot = struct({ snapshotid: text, label: text, dir: text, keepfiles: flag, keepsnapshot: flag })
const syncedDir = struct({
  label: text,
  dir: text,
  keepfiles: flag,
  onconflicts: struct({ onstart: struct({ keeplocal: flag }), onclose: struct({ keeplocal: flag }) }),
})

/** Decodes a function specification as clients send it. */
export const functionSpec = struct({
  nodename: text,
  funcname: text,
  args: listOf(anything),
  kwargs: pointer(objectOf(anything)),
  priority: integer,
  maxwaittime: integer,
  maxexectime: integer,
  maxretries: integer,
  conditions: struct({
    colonyname: text,
    executornames: listOf(text),
    executortype: text,
    locationname: text,
    dependencies: listOf(text),
    nodes: integer,
    cpu: text,
    processes: integer,
    processespernode: integer,
    mem: text,
    storage: text,
    gpu: struct({ name: text, mem: text, count: integer, nodecount: integer }),
    walltime: integer,
  }),
  label: text,
  fs: struct({ mount: text, snapshots: listOf(snapshot), dirs: listOf(syncedDir) }),
  env: objectOf(text),
  channels: listOf(text),
})

export type FunctionSpec = Decoded<typeof functionSpec>

export interface Submission {
  readonly initiatorid: string
  readonly initiatorname: string
  /** Microseconds since 1970. */
  readonly nowUs: number
  /** Place in a workflow; nothing for a single process. */
  readonly workflow?: Partial<
    Pick<
      ProcessRow,
      'processid' | 'colonyname' | 'waitforparents' | 'parents' | 'children' | 'processgraphid' | 'inputs'
    >
  >
}

const usPerS = 1_000_000
/** One point of priority is worth a day of waiting. */
const nsPerPriority = 86_400n * 1_000_000_000n

/**
 * A specification as a process that waits, normalised as the original's database does it. Ranges are for the caller
 * to check. Throws 400 on bad sizes.
 */
export function newProcess(spec: FunctionSpec, submission: Submission): ProcessRow {
  const { nowUs } = submission
  const processid = submission.workflow?.processid ?? newId()
  const colonyname = submission.workflow?.colonyname ?? spec.conditions.colonyname
  const processgraphid = submission.workflow?.processgraphid ?? ''
  const { conditions } = spec
  return {
    processid,
    colonyname,
    executortype: conditions.executortype,
    state: 0,
    prioritytime: String(BigInt(nowUs) * 1000n - BigInt(spec.priority) * nsPerPriority),
    initiatorid: submission.initiatorid,
    initiatorname: submission.initiatorname,
    assignedexecutorid: '',
    isassigned: false,
    submissiontime: nowUs,
    starttime: 0,
    endtime: 0,
    waitdeadline: waitDeadline(spec.maxwaittime, nowUs),
    execdeadline: 0,
    retries: 0,
    nodename: spec.nodename,
    funcname: spec.funcname,
    args: encodeAny(spec.args ?? []),
    kwargs: encodeAny(spec.kwargs ?? {}),
    priority: spec.priority,
    maxwaittime: spec.maxwaittime,
    maxexectime: spec.maxexectime,
    maxretries: spec.maxretries,
    executornames: conditions.executornames,
    locationname: conditions.locationname,
    dependencies: conditions.dependencies ?? [],
    nodes: conditions.nodes,
    cpu: parseCpu(conditions.cpu),
    processes: conditions.processes,
    processespernode: conditions.processespernode,
    mem: parseMemory(conditions.mem),
    storage: parseMemory(conditions.storage),
    gpuname: conditions.gpu.name,
    gpumem: parseMemory(conditions.gpu.mem),
    gpucount: conditions.gpu.count,
    // The original stores no node count of GPUs.
    gpunodecount: 0,
    walltime: conditions.walltime,
    label: spec.label,
    fs: encode(spec.fs),
    env: encodeMap(spec.env),
    channels: spec.channels,
    waitforparents: submission.workflow?.waitforparents ?? false,
    parents: submission.workflow?.parents ?? [],
    children: submission.workflow?.children ?? [],
    processgraphid,
    inputs: submission.workflow?.inputs ?? '[]',
    out: '[]',
    errors: '[]',
    attributes: Object.entries(spec.env).map(([key, value]) =>
      environment(processid, colonyname, processgraphid, key, value),
    ),
  }
}

/** Microseconds since 1970 at which waiting ends; 0 = never, or at once for negative limits other than -1. */
export function waitDeadline(maxWaitTimeS: number, nowUs: number): number {
  return maxWaitTimeS > 0 ? nowUs + maxWaitTimeS * usPerS : 0
}

function environment(
  targetid: string,
  targetcolonyname: string,
  targetprocessgraphid: string,
  key: string,
  value: string,
): AttributeRow {
  return {
    attributeid: attributeId(targetid, key, 3),
    targetid,
    targetcolonyname,
    targetprocessgraphid,
    attributetype: 3,
    key,
    value,
  }
}
