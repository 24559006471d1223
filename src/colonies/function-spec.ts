/** What is submitted, and the checks that keep it from failing in ways that the server does not explain. */

import { Buffer } from 'node:buffer'
import { ColoniesError } from './errors.ts'
import type { JsonObject, JsonValue } from './exact-json.ts'

export interface GpuDemand {
  readonly name?: string | undefined
  /** Integer and unit, such as `80Gi`. */
  readonly mem?: string | undefined
  readonly count?: number | undefined
  readonly nodecount?: number | undefined
}

export interface Conditions {
  readonly colonyname: string
  /** Names of the executors that may take it; none means any of the type. */
  readonly executornames?: readonly string[] | undefined
  /** Matched exactly, also when names are given. */
  readonly executortype: string
  readonly locationname?: string | undefined
  /** Node names of the parents within a workflow. */
  readonly dependencies?: readonly string[] | undefined
  readonly nodes?: number | undefined
  /** Millicores with their unit, such as `500m`. */
  readonly cpu?: string | undefined
  readonly processes?: number | undefined
  readonly processespernode?: number | undefined
  /** Integer and unit, such as `512Mi`. */
  readonly mem?: string | undefined
  /** Integer and unit. With exclusive assignment any demand is never met. */
  readonly storage?: string | undefined
  readonly gpu?: GpuDemand | undefined
  /** Seconds; ignored by the server. */
  readonly walltime?: number | undefined
}

export interface FunctionSpec {
  /** Name of the node within a workflow. */
  readonly nodename?: string | undefined
  readonly funcname: string
  readonly args?: readonly JsonValue[] | undefined
  readonly kwargs?: JsonObject | undefined
  /**
   * -50 000 to 50 000; one point is a head start of a day.
   * @default 0
   */
  readonly priority?: number | undefined
  /**
   * Seconds in the queue before it fails; -1 for no limit. 0 is refused.
   * @default -1
   */
  readonly maxwaittime?: number | undefined
  /**
   * Seconds of one attempt before it is given to somebody else; -1 for no limit, with which a process whose executor
   * died stays running for ever. 0 is refused: the server takes it for a deadline in the past.
   * @default 300
   */
  readonly maxexectime?: number | undefined
  /**
   * How often it is queued again after its execution time has passed; -1 for no limit. 0 is refused.
   * @default 3
   */
  readonly maxretries?: number | undefined
  readonly conditions: Conditions
  /** Below 2 KiB. `submit` puts its client token here. */
  readonly label?: string | undefined
  readonly fs?: JsonObject | undefined
  readonly env?: Readonly<Record<string, string>> | undefined
  /** Names of in-memory channels between submitter and executor. */
  readonly channels?: readonly string[] | undefined
}

export interface WorkflowSpec {
  readonly colonyname: string
  readonly functionspecs: readonly FunctionSpec[]
}

/** A specification with its limits spelled out, as it is sent. */
export type CompleteFunctionSpec = FunctionSpec & {
  readonly maxwaittime: number
  readonly maxexectime: number
  readonly maxretries: number
}

const DEFAULT_LIMITS = { maxwaittime: -1, maxexectime: 300, maxretries: 3 } as const
const MAX_LABEL_BYTES = 2048
const MAX_PRIORITY = 50_000
const MAX_COUNT = 127
const CPU_PATTERN = /^\d+m$/
// Without 1KB, 1MB and 1TB: the server mistakes these for others every now and then.
const SIZE_PATTERN = /^\d+(?:Ki|KiB|Mi|MiB|Gi|GiB|TiB|K|M|G|Kb|Mb|Gb|Tb)$/

/** A refusal of our own, before anything is sent. */
export const invalid = (msgtype: string, detail: string): ColoniesError =>
  new ColoniesError('invalid', { msgtype, detail, outcome: 'not_applied' })

/**
 * Checks a name that will be stored. A colon in one breaks the listing of the whole colony on the server.
 * @throws ColoniesError of kind `invalid`
 */
export const checkName = (msgtype: string, what: string, name: unknown): void => {
  if (typeof name !== 'string' || name === '') throw invalid(msgtype, `${what} is a non-empty text`)
  if (name.includes(':')) throw invalid(msgtype, `${what} contains a colon, which the server cannot list again`)
  if (name.includes('\0')) throw invalid(msgtype, `${what} contains a NUL character`)
}

const checkLimit = (msgtype: string, what: string, value: number): void => {
  if (Number.isSafeInteger(value) && (value > 0 || value === -1)) return
  const why = value === 0 ? 'the server takes 0 for a limit already passed' : `received ${String(value)}`
  throw invalid(msgtype, `${what} is an integer above 0, or -1 for no limit; ${why}`)
}

const checkUnit = (
  msgtype: string,
  what: string,
  value: string | undefined,
  pattern: RegExp,
  example: string,
): void => {
  if (value === undefined || value === '' || pattern.test(value)) return
  throw invalid(msgtype, `${what} is an integer with a unit such as ${example}`)
}

const checkConditions = (msgtype: string, conditions: Conditions): void => {
  checkName(msgtype, 'conditions.colonyname', conditions.colonyname)
  checkName(msgtype, 'conditions.executortype', conditions.executortype)
  checkUnit(msgtype, 'conditions.cpu', conditions.cpu, CPU_PATTERN, '500m')
  checkUnit(msgtype, 'conditions.mem', conditions.mem, SIZE_PATTERN, '512Mi')
  checkUnit(msgtype, 'conditions.storage', conditions.storage, SIZE_PATTERN, '10Gi')
  checkUnit(msgtype, 'conditions.gpu.mem', conditions.gpu?.mem, SIZE_PATTERN, '80Gi')
  for (const field of ['nodes', 'processes', 'processespernode'] as const) {
    const count = conditions[field] ?? 0
    if (!Number.isSafeInteger(count) || count < 0 || count > MAX_COUNT) {
      throw invalid(msgtype, `conditions.${field} is an integer from 0 to ${MAX_COUNT}; more would never be matched`)
    }
  }
}

/**
 * Checks a specification and spells out its limits.
 * @throws ColoniesError of kind `invalid` that says what was received and what is expected
 */
export const completeFunctionSpec = (msgtype: string, spec: FunctionSpec): CompleteFunctionSpec => {
  const limits = {
    maxwaittime: spec.maxwaittime ?? DEFAULT_LIMITS.maxwaittime,
    maxexectime: spec.maxexectime ?? DEFAULT_LIMITS.maxexectime,
    maxretries: spec.maxretries ?? DEFAULT_LIMITS.maxretries,
  }
  if (typeof spec.funcname !== 'string' || spec.funcname === '' || spec.funcname.includes('\0')) {
    throw invalid(msgtype, 'funcname is a non-empty text without NUL')
  }
  for (const [what, value] of Object.entries(limits)) checkLimit(msgtype, what, value)
  const priority = spec.priority ?? 0
  if (!Number.isSafeInteger(priority) || Math.abs(priority) > MAX_PRIORITY) {
    throw invalid(msgtype, `priority is an integer from -${MAX_PRIORITY} to ${MAX_PRIORITY}`)
  }
  if (spec.label !== undefined && (spec.label.includes('\0') || Buffer.byteLength(spec.label) >= MAX_LABEL_BYTES)) {
    throw invalid(msgtype, `label is a text below ${MAX_LABEL_BYTES} bytes without NUL`)
  }
  if (spec.args !== undefined && !Array.isArray(spec.args)) throw invalid(msgtype, 'args is a list')
  checkConditions(msgtype, spec.conditions)
  return { ...spec, ...limits }
}

/**
 * Checks every node of a workflow and spells out its limits.
 * @throws ColoniesError of kind `invalid`
 */
export const completeWorkflowSpec = (msgtype: string, spec: WorkflowSpec): WorkflowSpec => {
  checkName(msgtype, 'colonyname', spec.colonyname)
  const functionspecs = spec.functionspecs.map((node) => completeFunctionSpec(msgtype, node))
  if (functionspecs.length === 0) throw invalid(msgtype, 'a workflow has at least one node')
  const names = new Set(functionspecs.map((node) => node.nodename))
  if (names.has(undefined) || names.has('') || names.size !== functionspecs.length) {
    throw invalid(msgtype, 'every node of a workflow has a nodename of its own')
  }
  const strayNode = functionspecs.find((node) => node.conditions.dependencies?.some((name) => !names.has(name)))
  if (strayNode !== undefined) throw invalid(msgtype, 'a dependency names a node that is not in the workflow')
  return { ...spec, functionspecs }
}
