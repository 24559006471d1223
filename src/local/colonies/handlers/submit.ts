import type { Handler, HandlerTable } from '../context.ts'
import { decode, pointer, struct } from '../decode.ts'
import { functionSpec, newProcess } from '../funcspec.ts'
import { requireMember } from '../membership.ts'
import { processJson } from '../process-json.ts'
import { storeProcess } from '../process-store.ts'
import { malformed } from '../refusal.ts'
import { reply } from '../reply.ts'

const maxPriority = 50_000
const request = struct({ spec: pointer(functionSpec) })

const submit: Handler = async (message, caller, context) => {
  const { spec } = decode(request, message)
  if (spec === null) throw malformed('the message has no spec')
  const member = requireMember(spec.conditions.colonyname, caller, context)
  if (Math.abs(spec.priority) > maxPriority)
    throw malformed(`priority must be between -${maxPriority} and ${maxPriority}`)
  const process = newProcess(spec, {
    initiatorid: caller.id,
    initiatorname: member.name,
    nowUs: context.clock.nowUs(),
  })
  if (process.attributes.length === 0) await storeProcess(process, context.store)
  else await context.store.transaction((transaction) => storeProcess(process, transaction))
  if (context.faults.strike(['missed_wakeup']) === undefined) context.waiters.announce(process)
  context.events.emit(process)
  return reply(processJson(process, context.formatTime))
}

export const handlers: HandlerTable = { submitfuncspecmsg: submit }
