import { ColoniesError } from '../errors.ts'
import { completeFunctionSpec, completeWorkflowSpec, type FunctionSpec, type WorkflowSpec } from '../function-spec.ts'
import { type Process, ProcessState } from '../messages/process.ts'
import type { ProcessGraph } from '../messages/workflow.ts'
import type { CallOptions } from '../with-deadline.ts'
import { ProcessCalls } from './process-calls.ts'

/** Calls about workflows (process graphs). Every call rejects with ColoniesError. */
export class WorkflowCalls extends ProcessCalls {
  /** Submits a workflow. Not idempotent and not atomic on the server. Member. */
  async submitWorkflowSpec(workflowSpec: WorkflowSpec, options?: CallOptions): Promise<ProcessGraph> {
    const spec = completeWorkflowSpec('submitworkflowspecmsg', workflowSpec)
    return this.call('submitworkflowspecmsg', { spec }, undefined, options)
  }

  /** One workflow with its layout; `failed` (500) when there is none. Member. */
  getProcessGraph(processGraphId: string, options?: CallOptions): Promise<ProcessGraph> {
    return this.call('getprocessgraphmsg', { processgraphid: processGraphId }, undefined, options)
  }

  /**
   * Workflows, of one state or (five calls) of all states. Member.
   * @param count 1 to 100.
   */
  async getProcessGraphs(
    colonyName: string,
    count: number,
    state?: ProcessState,
    options?: CallOptions,
  ): Promise<ProcessGraph[]> {
    const inState = (wanted: ProcessState): Promise<ProcessGraph[]> =>
      this.call('getprocessgraphsmsg', { colonyname: colonyName, count, state: wanted }, undefined, options)
    if (state !== undefined) return inState(state)
    const graphs: ProcessGraph[] = []
    for (const each of Object.values(ProcessState)) graphs.push(...(await inState(each)))
    return graphs.slice(0, count)
  }

  /** Removes a workflow that is not running. Member. */
  removeProcessGraph(processGraphId: string, options?: CallOptions): Promise<void> {
    return this.call('removeprocessgraphmsg', { processgraphid: processGraphId, all: false }, undefined, options)
  }

  /**
   * The processes of a workflow, in its order. The server cannot list by workflow, so this reads the workflow and then
   * each process; one that was removed meanwhile is left out. Member.
   */
  async getProcessesForWorkflow(
    processGraphId: string,
    colonyName: string,
    count = 100,
    options?: CallOptions,
  ): Promise<Process[]> {
    const graph = await this.getProcessGraph(processGraphId, options)
    if (graph.colonyname !== colonyName) {
      const detail = 'the workflow belongs to another colony'
      throw new ColoniesError('not_found', { msgtype: 'getprocessgraphmsg', detail, outcome: 'not_applied' })
    }
    const processes: Process[] = []
    for (const processId of graph.processids.slice(0, count)) {
      try {
        processes.push(await this.getProcess(processId, options))
      } catch (error) {
        if (!(error instanceof ColoniesError && error.kind === 'not_found')) throw error
      }
    }
    return processes
  }

  /**
   * Removes all workflows in a state; -1 is all. Removing the waiting ones also takes the waiting processes of running
   * workflows. Colony owner.
   */
  removeAllProcessGraphs(colonyName: string, state: ProcessState | -1 = -1, options?: CallOptions): Promise<void> {
    return this.call('removeallprocessgraphsmsg', { colonyname: colonyName, state }, undefined, options)
  }

  /** Cancels the waiting and running processes of a workflow; repeatable. Member. */
  cancelProcessGraph(processGraphId: string, options?: CallOptions): Promise<void> {
    return this.call('cancelprocessgraphmsg', { processgraphid: processGraphId }, undefined, options)
  }

  /**
   * Adds a node under a running one. Executor assigned to the parent.
   * @param insert true puts it between the parent and its children; false makes it a branch beside them.
   */
  async addChild(
    processGraphId: string,
    parentProcessId: string,
    childProcessId: string,
    spec: FunctionSpec,
    insert: boolean,
    options?: CallOptions,
  ): Promise<Process> {
    const message = {
      processgraphid: processGraphId,
      parentprocessid: parentProcessId,
      childprocessid: childProcessId,
      spec: completeFunctionSpec('addchildmsg', spec),
      insert,
    }
    return this.call('addchildmsg', message, undefined, options)
  }
}
