import { encode, encodeString, type Json, Raw } from './json.ts'
import type { AttributeRow, ProcessRow, ProcessState } from './process-row.ts'
import type { FormatTime } from './time.ts'

/**
 * The JSON text of a process, fields in the order of the original.
 * @param environmentState state shown on attributes that come from `env`; the reply to an assign still has the old one
 */
export function processJson(process: ProcessRow, formatTime: FormatTime, environmentState = process.state): Raw {
  const time = (us: number) => `"${formatTime(us)}"`
  return new Raw(
    `{"processid":"${process.processid}"` +
      `,"initiatorid":"${process.initiatorid}"` +
      `,"initiatorname":${encodeString(process.initiatorname)}` +
      `,"assignedexecutorid":${encodeString(process.assignedexecutorid)}` +
      `,"isassigned":${process.isassigned}` +
      `,"state":${process.state}` +
      `,"prioritytime":${process.prioritytime}` +
      `,"submissiontime":${time(process.submissiontime)}` +
      `,"starttime":${time(process.starttime)}` +
      `,"endtime":${time(process.endtime)}` +
      `,"waitdeadline":${time(process.waitdeadline)}` +
      `,"execdeadline":${time(process.execdeadline)}` +
      `,"retries":${process.retries}` +
      `,"attributes":${encode(process.attributes.map((one) => attributeJson(one, environmentState)))}` +
      `,"spec":${specJson(process)}` +
      `,"waitforparents":${process.waitforparents}` +
      `,"parents":${encode(process.parents)}` +
      `,"children":${encode(process.children)}` +
      `,"processgraphid":"${process.processgraphid}"` +
      `,"in":${process.inputs},"out":${process.out},"errors":${process.errors}}`,
  )
}

/** The state of an attribute follows the process; for one that an executor added only into final states. */
export function attributeJson(attribute: AttributeRow, processState: ProcessState): Json {
  return {
    attributeid: attribute.attributeid,
    targetid: attribute.targetid,
    targetcolonyname: attribute.targetcolonyname,
    targetprocessgraphid: attribute.targetprocessgraphid,
    state: processState >= 2 || attribute.targetcolonyname !== '' ? processState : 0,
    attributetype: attribute.attributetype,
    key: attribute.key,
    value: attribute.value,
  }
}

function specJson(process: ProcessRow): string {
  const conditions = encode({
    colonyname: process.colonyname,
    // The original understands a star as "anyone" and does not show it.
    executornames: process.executornames?.filter((name) => name !== '*') ?? null,
    executortype: process.executortype,
    ...(process.locationname === '' ? {} : { locationname: process.locationname }),
    dependencies: process.dependencies,
    nodes: process.nodes,
    cpu: `${process.cpu}m`,
    processes: process.processes,
    processespernode: process.processespernode,
    mem: `${process.mem}Mi`,
    storage: `${process.storage}Mi`,
    gpu: {
      name: process.gpuname,
      mem: `${process.gpumem}Mi`,
      count: process.gpucount,
      nodecount: process.gpunodecount,
    },
    walltime: process.walltime,
  })
  return encode({
    nodename: process.nodename,
    funcname: process.funcname,
    args: new Raw(process.args),
    kwargs: new Raw(process.kwargs),
    priority: process.priority,
    maxwaittime: process.maxwaittime,
    maxexectime: process.maxexectime,
    maxretries: process.maxretries,
    conditions: new Raw(conditions),
    label: process.label,
    fs: new Raw(process.fs),
    env: new Raw(process.env),
    ...(process.channels === null || process.channels.length === 0 ? {} : { channels: process.channels }),
  })
}
