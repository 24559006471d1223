import type { Handler, HandlerTable } from '../context.ts'
import { decode, integer, pointer, struct, text } from '../decode.ts'
import { attributeId } from '../ids.ts'
import { requireMember } from '../membership.ts'
import { attributeJson } from '../process-json.ts'
import type { AttributeRow } from '../process-row.ts'
import { requireProcess, storeAttributes } from '../process-store.ts'
import { forbidden, malformed } from '../refusal.ts'
import { reply } from '../reply.ts'

const attributeSpec = struct({ targetid: text, attributetype: integer, key: text, value: text })

const addAttribute: Handler = async (message, caller, context) => {
  const { attribute: spec } = decode(struct({ attribute: pointer(attributeSpec) }), message)
  if (spec === null) throw malformed('the message has no attribute')
  const process = await requireProcess(spec.targetid, context.store)
  requireMember(process.colonyname, caller, context)
  if (process.state !== 1) throw forbidden('the process is not running')
  if (process.assignedexecutorid !== caller.id) throw forbidden('the process is not assigned to the caller')
  const attribute: AttributeRow = {
    ...spec,
    attributeid: attributeId(spec.targetid, spec.key, spec.attributetype),
    // The original leaves these two empty for what executors add.
    targetcolonyname: '',
    targetprocessgraphid: '',
  }
  await storeAttributes([attribute], context.store)
  return reply(attributeJson(attribute, 0))
}

const getAttribute: Handler = async (message, caller, context) => {
  const { attributeid } = decode(struct({ attributeid: text }), message)
  const [attribute] = await context.store.query<AttributeRow>(
    `select attributeid, targetid, targetcolonyname, targetprocessgraphid, attributetype, key, value
     from $schema.attributes where attributeid = $1`,
    [attributeid],
  )
  if (attribute === undefined) throw malformed(`there is no attribute with the id <${attributeid}>`)
  const process = await requireProcess(attribute.targetid, context.store, malformed)
  requireMember(process.colonyname, caller, context)
  return reply(attributeJson(attribute, process.state))
}

export const handlers: HandlerTable = { addattributemsg: addAttribute, getattributemsg: getAttribute }
