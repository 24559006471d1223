import type { Handler, HandlerTable, ServerContext } from '../context.ts'
import { parseCronExpression } from '../cron/cron-expression.ts'
import { type Cron, cronJson, cronRequest, findCron, listCrons, storeCron } from '../cron/cron-store.ts'
import { runCron } from '../cron/run-crons.ts'
import { decode, integer, pointer, struct, text } from '../decode.ts'
import { newId } from '../ids.ts'
import { requireMember } from '../membership.ts'
import { broken, malformed } from '../refusal.ts'
import { done, reply } from '../reply.ts'
import { checkDependencies, parseWorkflowSpec } from '../workflow/workflow-spec.ts'

const identified = struct({ cronid: text })

const addCron: Handler = async (message, caller, context) => {
  const { cron: request } = decode(struct({ cron: pointer(cronRequest) }), message)
  if (request === null) throw malformed('the message has no cron')
  requireMember(request.colonyname, caller, context)
  const workflow = parseWorkflowSpec(request.workflowspec)
  checkDependencies(workflow, malformed)
  checkTiming(request, context)
  // The original does not check this: any member could start processes in a colony of others.
  const initiator = requireMember(workflow.colonyname, caller, context)
  const cron: Cron = {
    ...request,
    cronid: newId(),
    initiatorid: caller.id,
    initiatorname: initiator.name,
    nextrun: 0,
    lastrun: 0,
    prevprocessgraphid: '',
  }
  await storeCron(cron, context.store)
  return reply(cronJson(cron, 0, context.formatTime))
}

function checkTiming(cron: Pick<Cron, 'interval' | 'random' | 'cronexpression'>, { settings }: ServerContext): void {
  if (cron.interval === 0) throw malformed('interval must be -1 (use the expression) or a number of seconds above 0')
  if (cron.interval !== -1) return
  try {
    parseCronExpression(cron.cronexpression, settings.timeZone)
  } catch (thrown) {
    throw malformed(thrown instanceof Error ? thrown.message : 'the cron expression is not valid')
  }
  if (cron.random) throw malformed('random needs an interval')
}

const getCron: Handler = async (message, caller, context) => {
  const cron = await requireCron(decode(identified, message).cronid, context)
  requireMember(cron.colonyname, caller, context)
  return reply(cronJson(cron, context.settings.cronCheckerPeriodMs, context.formatTime))
}

const getCrons: Handler = async (message, caller, context) => {
  const { colonyname, count } = decode(struct({ colonyname: text, count: integer }), message)
  requireMember(colonyname, caller, context)
  const crons = await listCrons(colonyname, count, context.store)
  return reply(crons.map((cron) => cronJson(cron, 0, context.formatTime)))
}

/** The original runs the cron first and asks afterwards who calls; a refused caller has started it all the same. */
const runByHand: Handler = async (message, caller, context) => {
  const cron = await runCron(decode(identified, message).cronid, context)
  if (cron === undefined) throw malformed('there is no cron with this id')
  requireMember(cron.colonyname, caller, context)
  return reply(cronJson(cron, 0, context.formatTime))
}

const removeCron: Handler = async (message, caller, context) => {
  const cron = await requireCron(decode(identified, message).cronid, context)
  requireMember(cron.colonyname, caller, context)
  await context.store.query(`delete from $schema.crons where cronid = $1`, [cron.cronid])
  return done
}

async function requireCron(cronid: string, context: ServerContext): Promise<Cron> {
  const cron = await findCron(cronid, context.store)
  if (cron === undefined) throw broken(`there is no cron with the id <${cronid}>`)
  return cron
}

export const handlers: HandlerTable = {
  addcronmsg: addCron,
  getcronmsg: getCron,
  getcronsmsg: getCrons,
  runcronmsg: runByHand,
  removecronmsg: removeCron,
}
