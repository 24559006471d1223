import { type Decoded, flag, integer, listOf, objectOf, struct, text } from './decode.ts'
import type { Executor } from './directory.ts'
import { encode, encodeMap, type Json, Raw } from './json.ts'
import type { FormatTime } from './time.ts'

const hardware = struct({
  model: text,
  nodes: integer,
  cpu: text,
  cores: integer,
  mem: text,
  storage: text,
  gpu: struct({ name: text, mem: text, count: integer, nodecount: integer }),
  platform: text,
  architecture: text,
  network: listOf(text),
})
const software = struct({ name: text, type: text, version: text })
const project = struct({
  allocatedcpu: integer,
  usedcpu: integer,
  allocatedgpu: integer,
  usedgpu: integer,
  allocatedstorage: integer,
  usedstorage: integer,
})

export const capabilities = struct({ hardware: listOf(hardware), software: listOf(software) })
export const allocations = struct({
  projects: (value, path) => (value == null ? null : objectOf(project)(value, path)),
})
export const executorSpec = struct({
  executorid: text,
  executortype: text,
  executorname: text,
  colonyname: text,
  requirefuncreg: flag,
  locationname: text,
  capabilities,
  allocations,
  blueprintid: text,
  blueprintgen: integer,
})

export type ExecutorSpec = Decoded<typeof executorSpec>

/** JSON text of allocations; projects are a map, so sorted. */
export function allocationsText({ projects }: Decoded<typeof allocations>): string {
  return encode({ projects: projects === null ? null : new Raw(encodeMap(projects)) })
}

/** An executor in the shape of the wire. */
export function executorJson(executor: Executor, formatTime: FormatTime): Json {
  return {
    executorid: executor.executorid,
    executortype: executor.executortype,
    executorname: executor.executorname,
    colonyname: executor.colonyname,
    state: executor.state,
    requirefuncreg: executor.requirefuncreg,
    commissiontime: formatTime(executor.commissiontime),
    lastheardfromtime: formatTime(executor.lastheardfromtime),
    ...(executor.locationname === '' ? {} : { locationname: executor.locationname }),
    capabilities: new Raw(executor.capabilities),
    allocations: new Raw(executor.allocations),
    ...(executor.blueprintid === '' ? {} : { blueprintid: executor.blueprintid }),
    ...(executor.blueprintgen === 0 ? {} : { blueprintgen: executor.blueprintgen }),
  }
}
