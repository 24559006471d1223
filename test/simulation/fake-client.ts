import { ColoniesError, type Process } from '../../src/colonies/index.ts'
import type { BrokerClient } from '../../src/fleet/index.ts'
import type { ColoniesModel, ModelProcess } from './colonies-model.ts'
import type { Computer } from './computer.ts'
import { type Carried, carry, type Network } from './network.ts'
import { EPOCH_MS, type Scheduler } from './scheduler.ts'

/** What is watched at the edge of a hive. */
export interface ClientWatch {
  readonly onPoll: (executor: string) => void
  readonly onPollEnd: (executor: string) => void
  readonly onPollCut: (executor: string) => void
  /** The hive has heard of an assignment. */
  readonly onTold: (process: Process) => void
}

export interface FakeClientOptions {
  /** Executor id of the key. */
  readonly executor: () => string
  readonly scheduler: Scheduler
  readonly network: Network
  readonly computer: Computer
  readonly model: ColoniesModel
  readonly watch: ClientWatch
}

interface Call<T> {
  readonly what: string
  readonly deadlineMs: number
  readonly signal?: AbortSignal | undefined
  readonly serve: (reply: (result: T | ColoniesError) => void) => void
}

/** A registration is a dozen calls: with the full risk nobody would ever come to work. */
const riskOf = (what: string): number => (/^(add|approve|get(exec|func))/.test(what) ? 0.1 : 1)

const CALL_MS = 30_000
const ASSIGN_GRACE_MS = 10_000

/** The client that a hive's broker port sees, for one key, over a network that loses things. */
export function fakeClient(options: FakeClientOptions): BrokerClient {
  const { scheduler, network, computer, model, watch, executor: executorOf } = options

  const call = <T>({ what, deadlineMs, signal, serve }: Call<T>): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      const lost = (kind: 'aborted' | 'timeout' | 'unavailable') =>
        new ColoniesError(kind, { msgtype: what, outcome: 'unknown' })
      if (signal?.aborted) return reject(new ColoniesError('aborted', { msgtype: what, outcome: 'not_applied' }))
      let over = false
      const end = (settle: () => void): void => {
        if (over) return
        over = true
        cancel()
        signal?.removeEventListener('abort', abort)
        settle()
      }
      const fail = (error: ColoniesError): void => end(() => reject(error))
      const abort = (): void => fail(lost('aborted'))
      const cancel = computer.clock.after(deadlineMs, () => fail(lost('timeout')))
      signal?.addEventListener('abort', abort)
      const arrive = (carried: Carried<T | ColoniesError>): void => {
        if (carried === 'lost') return
        const result = carried === 'refused' || carried === 'reset' ? carried : carried.reply
        if (result === 'refused') fail(new ColoniesError('unavailable', { msgtype: what, outcome: 'not_applied' }))
        else if (result === 'reset') fail(lost('unavailable'))
        else if (result instanceof ColoniesError) fail(result)
        // A proxy's page, or the empty 500 of a handler that crashed after its work.
        else if (network.strikes('wrongAnswer', riskOf(what))) fail(lost('unavailable'))
        else end(() => resolve(result as T))
      }
      carry<T | ColoniesError>(scheduler, network, {
        from: computer,
        to: model,
        what,
        risk: riskOf(what),
        serve,
        arrive,
      })
    })

  /** A call that the server answers at once. */
  const ask = <T>(
    what: string,
    how: { readonly deadlineMs?: number | undefined; readonly signal?: AbortSignal | undefined } | undefined,
    work: () => T,
  ): Promise<T> =>
    call<T>({
      what,
      deadlineMs: how?.deadlineMs ?? CALL_MS,
      signal: how?.signal,
      serve(reply) {
        try {
          reply(work())
        } catch (thrown) {
          if (!(thrown instanceof ColoniesError)) throw thrown
          reply(thrown)
        }
      },
    })

  const nothing = undefined as unknown as never

  return {
    addExecutor: (added, how) =>
      ask('addexecutor', how, () => {
        model.addExecutor({ id: added.executorid, name: added.executorname, type: added.executortype })
        return nothing
      }),
    approveExecutor: (_colony, name, how) => ask('approveexecutor', how, () => model.approveExecutor(name)),
    removeExecutor: (_colony, name, how) => ask('removeexecutor', how, () => model.removeExecutor(name)),
    getExecutorById: (_colony, id, how) =>
      ask('getexecutorbyid', how, () => {
        const { name, type } = model.findExecutor(id)
        return { executorname: name, executortype: type } as never
      }),
    getFunctions: (name, _colony, how) => ask('getfunctions', how, () => model.functionsOf(name) as never),
    addFunction: (fun, how) =>
      ask('addfunction', how, () => {
        model.addFunction(fun.executorname, fun.funcname)
        return nothing
      }),
    async assign(_colony, timeoutS, _key, _resources, how) {
      const executor = executorOf()
      watch.onPoll(executor)
      const cut = (): void => watch.onPollCut(executor)
      how?.signal?.addEventListener('abort', cut)
      try {
        const process = await call<Process>({
          what: 'assign',
          deadlineMs: how?.deadlineMs ?? Math.max(0, timeoutS) * 1_000 + ASSIGN_GRACE_MS,
          signal: how?.signal,
          serve: (reply) =>
            model.assign(executor, timeoutS, (found) =>
              reply(found instanceof ColoniesError ? found : asProcess(found)),
            ),
        })
        watch.onTold(process)
        return process
      } finally {
        how?.signal?.removeEventListener('abort', cut)
        watch.onPollEnd(executor)
      }
    },
    heartbeat: (_colony, _key, how) => ask('heartbeat', how, () => model.heartbeat(executorOf())),
    closeProcess: (id, out, how) => ask('close', how, () => model.close(executorOf(), id, out as never)),
    failProcess: (id, errors, how) => ask('fail', how, () => model.fail(executorOf(), id, errors)),
    getProcess: (id, how) => ask('getprocess', how, () => asProcess(model.get(id))),
    getProcessHist: (_colony, id, _seconds, _state, how) => ask('running', how, () => model.running(id).map(asProcess)),
  }
}

/** As much of a process as the fleet looks at. */
function asProcess(process: ModelProcess): Process {
  return {
    processid: process.id,
    state: process.state,
    assignedexecutorid: process.executor,
    retries: process.retries,
    starttime: process.starttime,
    submissiontime: new Date(EPOCH_MS + process.submittedMs).toISOString(),
    spec: { funcname: process.task, kwargs: process.kwargs, maxexectime: process.maxExecS },
  } as unknown as Process
}
