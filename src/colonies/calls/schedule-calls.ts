import { stringifyExactJson } from '../exact-json.ts'
import { checkName, completeWorkflowSpec, invalid, type WorkflowSpec } from '../function-spec.ts'
import type { Cron, Generator } from '../messages/workflow.ts'
import type { CallOptions } from '../with-deadline.ts'
import { WorkflowCalls } from './workflow-calls.ts'

export interface NewCron {
  readonly colonyname: string
  /** One of its kind in the colony. */
  readonly name: string
  /** Six fields with seconds, or a descriptor such as `@daily`. */
  readonly cronexpression?: string | undefined
  /**
   * Seconds between runs; -1 where the expression counts.
   * @default -1
   */
  readonly interval?: number | undefined
  /** Has no effect on the server, and is refused together with an expression. */
  readonly random?: boolean | undefined
  /** Skips a run while the one before has not ended. */
  readonly waitforprevprocessgraph?: boolean | undefined
  /** The workflow, or its JSON text. */
  readonly workflowspec: WorkflowSpec | string
}

export interface NewGenerator {
  readonly colonyname: string
  /** One of its kind in the colony. */
  readonly name: string
  /** Number of packed arguments that starts the workflow. */
  readonly trigger: number
  /** Seconds after which it starts with fewer; 0 or -1 for never. */
  readonly timeout?: number | undefined
  /** The workflow, or its JSON text. */
  readonly workflowspec: WorkflowSpec | string
}

/** A workflow given as text is sent as it is; one given as an object is checked. */
const workflowText = (msgtype: string, workflow: WorkflowSpec | string): string =>
  typeof workflow === 'string' ? workflow : stringifyExactJson(completeWorkflowSpec(msgtype, workflow))

/** Calls about crons and generators. Every call rejects with ColoniesError. */
export class ScheduleCalls extends WorkflowCalls {
  /** Crons. Member. */
  getCrons(colonyName: string, count = 100, options?: CallOptions): Promise<Cron[]> {
    return this.call('getcronsmsg', { colonyname: colonyName, count }, undefined, options)
  }

  /** One cron; `failed` (500) when there is none. Member. */
  getCron(cronId: string, options?: CallOptions): Promise<Cron> {
    return this.call('getcronmsg', { cronid: cronId }, undefined, options)
  }

  /** Adds a cron. Member. */
  async addCron(cronSpec: NewCron, options?: CallOptions): Promise<Cron> {
    checkName('addcronmsg', 'name', cronSpec.name)
    const interval = cronSpec.interval ?? -1
    if (!Number.isSafeInteger(interval) || (interval <= 0 && interval !== -1)) {
      throw invalid('addcronmsg', `interval is whole seconds above 0, or -1; received ${String(interval)}`)
    }
    const cron = {
      ...cronSpec,
      cronexpression: cronSpec.cronexpression ?? '',
      interval,
      workflowspec: workflowText('addcronmsg', cronSpec.workflowspec),
    }
    return this.call('addcronmsg', { cron }, undefined, options)
  }

  /** Removes a cron. Member. */
  removeCron(cronId: string, options?: CallOptions): Promise<void> {
    return this.call('removecronmsg', { cronid: cronId }, undefined, options)
  }

  /** Runs a cron now. The server starts the run before it checks the caller. Member. */
  runCron(cronId: string, options?: CallOptions): Promise<Cron> {
    return this.call('runcronmsg', { cronid: cronId }, undefined, options)
  }

  /** Generators. Member. */
  getGenerators(colonyName: string, count = 100, options?: CallOptions): Promise<Generator[]> {
    return this.call('getgeneratorsmsg', { colonyname: colonyName, count }, undefined, options)
  }

  /** One generator; `failed` (500) when there is none. Member. */
  getGenerator(generatorId: string, options?: CallOptions): Promise<Generator> {
    return this.call('getgeneratormsg', { generatorid: generatorId }, undefined, options)
  }

  /** One generator by name. Member. */
  resolveGenerator(colonyName: string, generatorName: string, options?: CallOptions): Promise<Generator> {
    const message = { colonyname: colonyName, generatorname: generatorName }
    return this.call('resolvegeneratormsg', message, undefined, options)
  }

  /** Adds a generator. Member. */
  async addGenerator(generatorSpec: NewGenerator, options?: CallOptions): Promise<Generator> {
    checkName('addgeneratormsg', 'name', generatorSpec.name)
    const workflowspec = workflowText('addgeneratormsg', generatorSpec.workflowspec)
    return this.call('addgeneratormsg', { generator: { ...generatorSpec, workflowspec } }, undefined, options)
  }

  /** Queues one argument in a generator. Delivered at least once. Member. */
  packGenerator(generatorId: string, arg: string, options?: CallOptions): Promise<void> {
    return this.call('packgeneratormsg', { generatorid: generatorId, arg }, undefined, options)
  }

  /** Removes a generator. Member. */
  removeGenerator(generatorId: string, options?: CallOptions): Promise<void> {
    return this.call('removegeneratormsg', { generatorid: generatorId }, undefined, options)
  }
}
