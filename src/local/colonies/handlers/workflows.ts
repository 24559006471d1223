import type { Handler, HandlerTable } from '../context.ts'
import { decode, flag, integer, pointer, struct, text } from '../decode.ts'
import { functionSpec } from '../funcspec.ts'
import { listOrNull } from '../json.ts'
import { requireColonyOwner, requireMember } from '../membership.ts'
import { processJson } from '../process-json.ts'
import { malformed } from '../refusal.ts'
import { done, reply } from '../reply.ts'
import { addChild } from '../workflow/add-child.ts'
import { createGraph } from '../workflow/create-graph.ts'
import { drawnGraphJson, graphJson, submittedGraphJson } from '../workflow/graph-json.ts'
import { listGraphs, membersOf, requireGraph } from '../workflow/graph-store.ts'
import { cancelGraph, removeAllGraphs, removeGraph } from '../workflow/remove-graphs.ts'
import { workflowSpec } from '../workflow/workflow-spec.ts'

const maxCount = 100
const identified = struct({ processgraphid: text })
const counted = struct({ colonyname: text, count: integer, state: integer })

const submitWorkflow: Handler = async (message, caller, context) => {
  const { spec } = decode(struct({ spec: pointer(workflowSpec) }), message)
  if (spec === null) throw malformed('the message has no spec')
  const initiator = requireMember(spec.colonyname, caller, context)
  const created = await context.store.transaction((transaction) =>
    createGraph(spec, { initiator }, transaction, context),
  )
  created.announce()
  return reply(submittedGraphJson(created.graph, created.processes, context.formatTime))
}

const getGraph: Handler = async (message, caller, context) => {
  const graph = await requireGraph(decode(identified, message).processgraphid, context.store)
  requireMember(graph.colonyname, caller, context)
  const members = await membersOf([graph.processgraphid], context.store)
  return reply(drawnGraphJson(graph, members, context.formatTime))
}

const getGraphs: Handler = async (message, caller, context) => {
  const { colonyname, count, state } = decode(counted, message)
  requireMember(colonyname, caller, context)
  if (![0, 1, 2, 3, 4].includes(state)) throw malformed('state must be 0, 1, 2, 3 or 4')
  if (count > maxCount) throw malformed(`count must not be above ${maxCount}`)
  const graphs = await listGraphs(colonyname, state, count, context.store)
  const ids = graphs.map((graph) => graph.processgraphid)
  const members = Map.groupBy(await membersOf(ids, context.store), (member) => member.processgraphid)
  return reply(
    listOrNull(graphs.map((graph) => graphJson(graph, members.get(graph.processgraphid) ?? [], context.formatTime))),
  )
}

const removeOne: Handler = async (message, caller, context) => {
  const graph = await requireGraph(decode(identified, message).processgraphid, context.store)
  requireMember(graph.colonyname, caller, context)
  if (!(await removeGraph(graph.processgraphid, context))) throw malformed('a running workflow cannot be removed')
  return done
}

const removeAll: Handler = async (message, caller, context) => {
  const { colonyname, state } = decode(struct({ colonyname: text, state: integer }), message)
  requireColonyOwner(colonyname, caller, context)
  if (![-1, 0, 2, 3, 4].includes(state)) throw malformed('state must be -1, 0, 2, 3 or 4')
  await removeAllGraphs(colonyname, state, context)
  return done
}

const cancel: Handler = async (message, caller, context) => {
  const graph = await requireGraph(decode(identified, message).processgraphid, context.store)
  requireMember(graph.colonyname, caller, context)
  await cancelGraph(graph.processgraphid, context)
  return done
}

const childRequest = struct({
  processgraphid: text,
  parentprocessid: text,
  childprocessid: text,
  spec: pointer(functionSpec),
  insert: flag,
})

const addChildNode: Handler = async (message, caller, context) => {
  const { spec, ...place } = decode(childRequest, message)
  if (spec === null) throw malformed('the message has no spec')
  requireMember(spec.conditions.colonyname, caller, context)
  const process = await context.store.transaction((transaction) =>
    addChild({ ...place, spec }, caller.id, transaction, context),
  )
  return reply(processJson(process, context.formatTime))
}

export const handlers: HandlerTable = {
  submitworkflowspecmsg: submitWorkflow,
  getprocessgraphmsg: getGraph,
  getprocessgraphsmsg: getGraphs,
  removeprocessgraphmsg: removeOne,
  removeallprocessgraphsmsg: removeAll,
  cancelprocessgraphmsg: cancel,
  addchildmsg: addChildNode,
}
