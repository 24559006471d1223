/** Files, snapshots and blueprints are not offered. Their lists are truthfully empty; all other calls are unknown. */

import type { Handler, HandlerTable } from '../context.ts'
import { decode, struct, text } from '../decode.ts'
import { requireMember } from '../membership.ts'
import { reply } from '../reply.ts'

const emptyFor =
  (field: 'colonyname' | 'namespace', nothing: null | readonly []): Handler =>
  async (message, caller, context) => {
    const request = decode(struct({ colonyname: text, namespace: text }), message)
    requireMember(request[field], caller, context)
    return reply(nothing)
  }

export const handlers: HandlerTable = {
  getfilesmsg: emptyFor('colonyname', []),
  getfilelabelsmsg: emptyFor('colonyname', null),
  getsnapshotsmsg: emptyFor('colonyname', null),
  getblueprintdefinitionsmsg: emptyFor('colonyname', []),
  getblueprintsmsg: emptyFor('namespace', null),
}
