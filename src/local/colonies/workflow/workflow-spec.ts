import { type Decoded, listOf, type Message, parseMessage, struct, text } from '../decode.ts'
import { type FunctionSpec, functionSpec } from '../funcspec.ts'
import { broken, malformed, type Refusal } from '../refusal.ts'

/** Decodes a workflow as clients send it. */
export const workflowSpec = struct({ colonyname: text, functionspecs: listOf(functionSpec) })

export type WorkflowSpec = Decoded<typeof workflowSpec>

/** Reads the workflow that crons and generators carry as JSON text. Throws 400 when it is not one. */
export function parseWorkflowSpec(json: string): WorkflowSpec {
  const parsed = parseMessage(json)
  if (parsed === null) throw malformed('the workflow specification is null')
  return workflowSpec(parsed as Message, 'workflowspec')
}

/** Refuses a workflow whose nodes have no name, share one, or depend on a node that does not exist. */
export function checkNodes(spec: WorkflowSpec): void {
  const names = new Set<string>()
  for (const node of nodesOf(spec)) {
    if (node.nodename === '') throw broken('a node has no nodename')
    if (names.has(node.nodename)) throw broken(`nodename <${node.nodename}> is used twice`)
    names.add(node.nodename)
  }
  checkDependencies(spec, broken)
}

/** Refuses a workflow in which a node depends on a node that does not exist. */
export function checkDependencies(spec: WorkflowSpec, refuse: (what: string) => Refusal): void {
  const names = new Set(nodesOf(spec).map((node) => node.nodename))
  for (const node of nodesOf(spec)) {
    const unknown = node.conditions.dependencies?.find((name) => !names.has(name))
    if (unknown !== undefined) throw refuse(`node <${node.nodename}> depends on <${unknown}>, which does not exist`)
  }
}

export function nodesOf(spec: WorkflowSpec): readonly FunctionSpec[] {
  return spec.functionspecs ?? []
}
