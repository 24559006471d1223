import type { ServerContext } from '../context.ts'
import { type FunctionSpec, newProcess } from '../funcspec.ts'
import { newId } from '../ids.ts'
import type { ProcessRow } from '../process-row.ts'
import { storeProcess } from '../process-store.ts'
import { broken, Refusal } from '../refusal.ts'
import type { Queryable } from '../store.ts'
import { type Graph, storeGraph } from './graph-store.ts'
import { checkNodes, nodesOf, type WorkflowSpec } from './workflow-spec.ts'

export interface Initiator {
  readonly id: string
  readonly name: string
}

export interface GraphOptions {
  readonly initiator: Initiator
  /** Replace `args` of the root nodes and empty their `kwargs`. @default the nodes' own */
  readonly rootArgs?: readonly string[] | undefined
  /** JSON text of an array: `in` of the root nodes. @default '[]' */
  readonly rootInputs?: string | undefined
}

export interface CreatedGraph {
  readonly graph: Graph
  readonly processes: readonly ProcessRow[]
  /** Call after the commit: wakes those who wait for the root nodes. */
  announce(): void
}

/** Stores a workflow with its processes, all or nothing. Refuses with 500 what is not a valid workflow. */
export async function createGraph(
  spec: WorkflowSpec,
  options: GraphOptions,
  transaction: Queryable,
  context: ServerContext,
): Promise<CreatedGraph> {
  checkNodes(spec)
  const graph: Graph = {
    processgraphid: newId(),
    colonyname: spec.colonyname,
    initiatorid: options.initiator.id,
    initiatorname: options.initiator.name,
    state: 0,
    submissiontime: context.clock.nowUs(),
    starttime: 0,
    endtime: 0,
  }
  const processes = plan(spec, graph, options, context)
  await storeGraph(graph, transaction)
  for (const process of processes) await storeProcess(process, transaction)
  return {
    graph,
    processes,
    announce() {
      for (const process of processes) if (!process.waitforparents) announce(process, context)
    },
  }
}

/** Tells subscribers and long-polls of a process that may be assigned from now on. */
export function announce(process: ProcessRow, { events, faults, waiters }: ServerContext): void {
  if (faults.strike(['missed_wakeup']) === undefined) waiters.announce(process)
  events.emit(process)
}

function plan(spec: WorkflowSpec, graph: Graph, options: GraphOptions, context: ServerContext): readonly ProcessRow[] {
  const nodes = nodesOf(spec)
  const ids = new Map(nodes.map((node) => [node.nodename, newId()]))
  const idsOf = (names: readonly string[]) => names.flatMap((name) => ids.get(name) ?? [])
  const dependents = (name: string) =>
    nodes.flatMap((node) => (node.conditions.dependencies ?? []).filter((one) => one === name).map(() => node.nodename))

  return nodes.map((node) => {
    const dependencies = node.conditions.dependencies ?? []
    const isRoot = dependencies.length === 0
    return refusedAs500(() =>
      newProcess(isRoot ? rootSpec(node, options) : timed(node), {
        initiatorid: options.initiator.id,
        initiatorname: options.initiator.name,
        nowUs: context.clock.nowUs(),
        workflow: {
          processid: ids.get(node.nodename) ?? newId(),
          colonyname: spec.colonyname,
          processgraphid: graph.processgraphid,
          waitforparents: !isRoot,
          parents: idsOf(dependencies),
          children: idsOf(dependents(node.nodename)),
          ...(isRoot && options.rootInputs !== undefined ? { inputs: options.rootInputs } : {}),
        },
      }),
    )
  })
}

function rootSpec(node: FunctionSpec, { rootArgs }: GraphOptions): FunctionSpec {
  return rootArgs === undefined ? timed(node) : { ...timed(node), args: rootArgs, kwargs: {} }
}

/** In a workflow an execution limit of 0 means none; a plain process with 0 would fail at once. */
function timed(node: FunctionSpec): FunctionSpec {
  return node.maxexectime === 0 ? { ...node, maxexectime: -1 } : node
}

function refusedAs500<T>(work: () => T): T {
  try {
    return work()
  } catch (thrown) {
    throw thrown instanceof Refusal ? broken(thrown.message) : thrown
  }
}
