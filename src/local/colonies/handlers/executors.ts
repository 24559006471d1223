import type { Caller, Handler, HandlerTable, ServerContext } from '../context.ts'
import { decode, pointer, struct, text } from '../decode.ts'
import type { Executor, ExecutorState } from '../directory.ts'
import {
  allocations,
  allocationsText,
  capabilities,
  type ExecutorSpec,
  executorJson,
  executorSpec,
} from '../executor-json.ts'
import { encode, listOrNull } from '../json.ts'
import { requireColonyOwner, requireLooseMember, requireMember } from '../membership.ts'
import { broken, malformed, missing } from '../refusal.ts'
import { done, reply } from '../reply.ts'
import { unregister } from '../unregister.ts'

const named = struct({ colonyname: text, executorname: text })

const addExecutor: Handler = async (message, caller, context) => {
  const { executor: spec } = decode(struct({ executor: pointer(executorSpec) }), message)
  if (spec === null) throw malformed('the message has no executor')
  requireColonyOwner(spec.colonyname, caller, context)
  const known = context.directory.executor(spec.colonyname, spec.executorname)
  if (known !== undefined && !context.settings.allowExecutorReregister) {
    throw malformed(`there is an executor with the name <${spec.executorname}> in colony <${spec.colonyname}> already`)
  }
  if (known !== undefined) await unregister(known, context)
  const executor = newExecutor(spec, context.clock.nowUs())
  await context.directory.saveExecutor(executor)
  // The original stores such a name and cannot read it back.
  if (spec.executorname.includes(':')) throw broken('the name of an executor must not contain a colon')
  return reply(executorJson(executor, context.formatTime))
}

function newExecutor(spec: ExecutorSpec, nowUs: number): Executor {
  return {
    ...spec,
    state: 0,
    commissiontime: nowUs,
    lastheardfromtime: 0,
    capabilities: encode(spec.capabilities),
    allocations: allocationsText(spec.allocations),
  }
}

const setState =
  (state: ExecutorState): Handler =>
  async (message, caller, context) => {
    const { colonyname, executorname } = decode(named, message)
    requireColonyOwner(colonyname, caller, context)
    const executor = requireExecutor(colonyname, executorname, context)
    await context.directory.saveExecutor({ ...executor, state })
    return done
  }

const removeExecutor: Handler = async (message, caller, context) => {
  const { colonyname, executorname } = decode(named, message)
  requireColonyOwner(colonyname, caller, context)
  await unregister(requireExecutor(colonyname, executorname, context), context)
  return done
}

const getExecutors: Handler = async (message, caller, context) => {
  const { colonyname } = decode(struct({ colonyname: text }), message)
  requireLooseMember(colonyname, caller, context)
  const executors = context.directory.executors(colonyname)
  if (executors.some((one) => one.executorname.includes(':')))
    throw malformed('the name of an executor contains a colon')
  return reply(listOrNull(executors.map((one) => executorJson(one, context.formatTime))))
}

const getExecutor: Handler = async (message, caller, context) => {
  const { colonyname, executorname } = decode(named, message)
  requireMember(colonyname, caller, context)
  return reply(executorJson(requireExecutor(colonyname, executorname, context), context.formatTime))
}

const getExecutorById: Handler = async (message, caller, context) => {
  const { colonyname, executorid } = decode(struct({ colonyname: text, executorid: text }), message)
  requireMember(colonyname, caller, context)
  const executor = context.directory.executors(colonyname).find((one) => one.executorid === executorid)
  if (executor === undefined) throw missing(`there is no executor with the id <${executorid}>`)
  return reply(executorJson(executor, context.formatTime))
}

const updateExecutor: Handler = async (message, caller, context) => {
  const request = decode(struct({ colonyname: text, executorname: text, capabilities }), message)
  const executor = requireSelf(request, caller, context)
  await context.directory.saveExecutor({ ...executor, capabilities: encode(request.capabilities) })
  return done
}

const reportAllocation: Handler = async (message, caller, context) => {
  const request = decode(struct({ colonyname: text, executorname: text, allocations }), message)
  const executor = requireSelf(request, caller, context)
  await context.directory.saveExecutor({ ...executor, allocations: allocationsText(request.allocations) })
  return done
}

function requireExecutor(colonyname: string, executorname: string, context: ServerContext): Executor {
  const executor = context.directory.executor(colonyname, executorname)
  if (executor === undefined) throw broken(`there is no executor with the name <${executorname}>`)
  return executor
}

interface Named {
  readonly colonyname: string
  readonly executorname: string
}

/** The executor named, if the caller is that executor; 400 otherwise. */
function requireSelf({ colonyname, executorname }: Named, caller: Caller, context: ServerContext): Executor {
  requireLooseMember(colonyname, caller, context)
  const executor = context.directory.executor(colonyname, executorname)
  if (executor === undefined) throw malformed(`there is no executor with the name <${executorname}>`)
  if (executor.executorid !== caller.id) throw malformed('only the executor itself may do this')
  return executor
}

export const handlers: HandlerTable = {
  addexecutormsg: addExecutor,
  approveexecutormsg: setState(1),
  rejectexecutormsg: setState(2),
  removeexecutormsg: removeExecutor,
  getexecutorsmsg: getExecutors,
  getexecutormsg: getExecutor,
  getexecutorbyidmsg: getExecutorById,
  updateexecutormsg: updateExecutor,
  reportallocationmsg: reportAllocation,
}
