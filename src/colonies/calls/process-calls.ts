import type { PrivateKey } from '../caller.ts'
import { ColoniesError } from '../errors.ts'
import type { JsonValue } from '../exact-json.ts'
import { completeFunctionSpec, type FunctionSpec, invalid } from '../function-spec.ts'
import type { Process, ProcessState } from '../messages/process.ts'
import type { CallOptions } from '../with-deadline.ts'
import { MemberCalls } from './member-calls.ts'

/** At most one of these counts on the server: executor type before initiator before label. */
export interface ProcessFilters {
  readonly executorType?: string | undefined
  /** Name of a user. */
  readonly initiator?: string | undefined
  readonly label?: string | undefined
}

/** What is free on this executor; nothing means no limit. */
export interface FreeResources {
  /** Millicores, such as `2000m`. */
  readonly availableCpu?: string | undefined
  /** Integer and unit, such as `4Gi`. */
  readonly availableMem?: string | undefined
}

const ASSIGN = 'assignprocessmsg'
/** What a long poll may take beyond its timeout before we stop believing in an answer, milliseconds. */
const ASSIGN_GRACE_MS = 10_000

/** Calls about processes. Every call rejects with ColoniesError. */
export class ProcessCalls extends MemberCalls {
  /**
   * Submits a process. Not idempotent: after a lost answer use `submit`, which finds out first. Member.
   * @throws ColoniesError of kind `invalid` for limits of 0, names with a colon, unknown units
   */
  async submitFunctionSpec(spec: FunctionSpec, options?: CallOptions): Promise<Process> {
    const complete = completeFunctionSpec('submitfuncspecmsg', spec)
    return this.call('submitfuncspecmsg', { spec: complete }, undefined, options)
  }

  /** One process; `not_found` when there is none. Member. */
  getProcess(processId: string, options?: CallOptions): Promise<Process> {
    return this.call('getprocessmsg', { processid: processId }, undefined, options)
  }

  /**
   * Processes in one state: waiting ones by priority, running ones by start, others by end, latest first. Member.
   * @param count 1 to 100.
   */
  getProcesses(
    colonyName: string,
    count: number,
    state: ProcessState,
    filters: ProcessFilters = {},
    options?: CallOptions,
  ): Promise<Process[]> {
    const { executorType, label, initiator } = filters
    const message = { colonyname: colonyName, count, state, executortype: executorType, label, initiator }
    return this.call('getprocessesmsg', message, undefined, options)
  }

  /**
   * All processes in one state that were submitted in the last seconds, oldest first, without a limit. With the own
   * executor id and state 1: what the server thinks this executor is running. Member.
   * @param executorId "" for all executors.
   */
  getProcessHist(
    colonyName: string,
    executorId: string,
    seconds: number,
    state: ProcessState,
    options?: CallOptions,
  ): Promise<Process[]> {
    const message = { colonyname: colonyName, executorid: executorId, seconds, state }
    return this.call('getprocesshistmsg', message, undefined, options)
  }

  /** Removes a process that is neither running nor part of a workflow. Member. */
  removeProcess(processId: string, options?: CallOptions): Promise<void> {
    return this.call('removeprocessmsg', { processid: processId, all: false }, undefined, options)
  }

  /** Removes all processes in a state; -1 is all, RUNNING ONES TOO. Those of workflows stay. Colony owner. */
  removeAllProcesses(colonyName: string, state: ProcessState | -1 = -1, options?: CallOptions): Promise<void> {
    return this.call('removeallprocessesmsg', { colonyname: colonyName, state }, undefined, options)
  }

  /**
   * Takes a process. The poll of an idle queue is signed once and remembered. Approved executor.
   * @param timeout seconds to wait for one; negative for a single try.
   * @throws ColoniesError of kind `no_process` when there was none: poll again; `paused`; `unavailable`
   */
  async assign(
    colonyName: string,
    timeout: number,
    executorPrvKey: PrivateKey,
    resources: FreeResources = {},
    options: CallOptions = {},
  ): Promise<Process> {
    if (!Number.isSafeInteger(timeout) || timeout === 0) {
      throw invalid(ASSIGN, `timeout is a number of whole seconds, not 0; received ${String(timeout)}`)
    }
    const { availableCpu, availableMem } = resources
    const message = { colonyname: colonyName, timeout, availablecpu: availableCpu, availablemem: availableMem }
    const deadlineMs = options.deadlineMs ?? Math.max(0, timeout) * 1000 + ASSIGN_GRACE_MS
    return this.call(ASSIGN, message, executorPrvKey, { ...options, deadlineMs })
  }

  /**
   * Tells the server that this executor is alive: an assign that can match nothing. The server hears executors by
   * their assigns only and unregisters the silent ones, so this is due every 60 to 120 s while no poll is out.
   */
  async heartbeat(colonyName: string, executorPrvKey: PrivateKey, options: CallOptions = {}): Promise<void> {
    try {
      // No process demands less than nothing, so this matches none and answers at once.
      await this.assign(colonyName, -1, executorPrvKey, { availableCpu: '-1m' }, options)
    } catch (error) {
      if (error instanceof ColoniesError && error.kind === 'no_process') return
      throw error
    }
    throw new ColoniesError('malformed', {
      msgtype: ASSIGN,
      detail: 'the server assigned a process to a heartbeat',
      outcome: 'unknown',
    })
  }

  /** Closes a process as successful; repeatable. An empty output keeps that of `setOutput`. Assigned executor. */
  closeProcess(processId: string, output: readonly JsonValue[], options?: CallOptions): Promise<void> {
    return this.call('closesuccessfulmsg', { processid: processId, out: output }, undefined, options)
  }

  /** Closes a process as failed, for good: it is not retried. Assigned executor. */
  failProcess(processId: string, errors: readonly string[], options?: CallOptions): Promise<void> {
    return this.call('closefailedmsg', { processid: processId, errors }, undefined, options)
  }

  /** Replaces the output of a running process; an empty list changes nothing. Assigned executor. */
  setOutput(processId: string, output: readonly JsonValue[], options?: CallOptions): Promise<void> {
    return this.call('setoutputmsg', { processid: processId, out: output }, undefined, options)
  }

  /** Cancels a waiting or running process outside a workflow. Its executor is not told. Member. */
  cancelProcess(processId: string, options?: CallOptions): Promise<void> {
    return this.call('cancelprocessmsg', { processid: processId }, undefined, options)
  }
}
