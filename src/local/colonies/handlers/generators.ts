import type { Caller, Handler, HandlerTable, ServerContext } from '../context.ts'
import { decode, integer, pointer, struct, text } from '../decode.ts'
import {
  findGenerator,
  findGeneratorByName,
  type Generator,
  generatorJson,
  generatorRequest,
  listGenerators,
  queueSize,
  storeGenerator,
} from '../generator/generator-store.ts'
import { newId } from '../ids.ts'
import { listOrNull } from '../json.ts'
import { requireMember } from '../membership.ts'
import { broken, malformed } from '../refusal.ts'
import { done, reply } from '../reply.ts'
import { checkDependencies, parseWorkflowSpec } from '../workflow/workflow-spec.ts'

const identified = struct({ generatorid: text })
const untold = { queueSize: 0, checkerPeriodMs: 0 }

const addGenerator: Handler = async (message, caller, context) => {
  const { generator: request } = decode(struct({ generator: pointer(generatorRequest) }), message)
  if (request === null) throw malformed('the message has no generator')
  requireMember(request.colonyname, caller, context)
  const workflow = parseWorkflowSpec(request.workflowspec)
  checkDependencies(workflow, malformed)
  if (request.trigger < 1) throw malformed('trigger must be at least 1')
  // The original does not check this: any member could start processes in a colony of others.
  const initiator = requireMember(workflow.colonyname, caller, context)
  const generator: Generator = {
    ...request,
    generatorid: newId(),
    initiatorid: caller.id,
    initiatorname: initiator.name,
    firstpack: 0,
    lastrun: 0,
  }
  await storeGenerator(generator, context.store)
  return reply(generatorJson(generator, untold, context.formatTime))
}

const getGenerator: Handler = async (message, caller, context) => {
  const generator = await requireGenerator(decode(identified, message).generatorid, caller, context)
  const told = {
    queueSize: await queueSize(generator.generatorid, context.store),
    checkerPeriodMs: context.settings.generatorCheckerPeriodMs,
  }
  return reply(generatorJson(generator, told, context.formatTime))
}

const resolveGenerator: Handler = async (message, caller, context) => {
  const { colonyname, generatorname } = decode(struct({ colonyname: text, generatorname: text }), message)
  requireMember(colonyname, caller, context)
  const generator = await findGeneratorByName(colonyname, generatorname, context.store)
  if (generator === undefined) throw broken(`there is no generator with the name <${generatorname}>`)
  return reply(generatorJson(generator, untold, context.formatTime))
}

const getGenerators: Handler = async (message, caller, context) => {
  const { colonyname, count } = decode(struct({ colonyname: text, count: integer }), message)
  requireMember(colonyname, caller, context)
  const generators = await listGenerators(colonyname, count, context.store)
  return reply(listOrNull(generators.map((generator) => generatorJson(generator, untold, context.formatTime))))
}

const packGenerator: Handler = async (message, caller, context) => {
  const { generatorid, arg } = decode(struct({ generatorid: text, arg: text }), message)
  await requireGenerator(generatorid, caller, context)
  await context.store.query(
    `with packed as (
       update $schema.generators set firstpack = case when firstpack = 0 then $3 else firstpack end
       where generatorid = $1 returning generatorid
     )
     insert into $schema.generatorargs (generatorid, arg) select generatorid, $2 from packed`,
    [generatorid, arg, context.clock.nowUs()],
  )
  return done
}

const removeGenerator: Handler = async (message, caller, context) => {
  const generator = await requireGenerator(decode(identified, message).generatorid, caller, context)
  await context.store.query(`delete from $schema.generators where generatorid = $1`, [generator.generatorid])
  return done
}

/** The generator, if there is one (else 500) and the caller is a member of its colony (else 403). */
async function requireGenerator(generatorid: string, caller: Caller, context: ServerContext): Promise<Generator> {
  const generator = await findGenerator(generatorid, context.store)
  if (generator === undefined) throw broken(`there is no generator with the id <${generatorid}>`)
  requireMember(generator.colonyname, caller, context)
  return generator
}

export const handlers: HandlerTable = {
  addgeneratormsg: addGenerator,
  getgeneratormsg: getGenerator,
  resolvegeneratormsg: resolveGenerator,
  getgeneratorsmsg: getGenerators,
  packgeneratormsg: packGenerator,
  removegeneratormsg: removeGenerator,
}
