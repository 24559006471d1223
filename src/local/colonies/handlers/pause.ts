import type { Handler, HandlerTable } from '../context.ts'
import { decode, struct, text } from '../decode.ts'
import { requireColony, requireColonyOwner, requireLooseMember } from '../membership.ts'
import { done, reply } from '../reply.ts'

const named = struct({ colonyname: text })

const setPaused =
  (paused: boolean): Handler =>
  async (message, caller, context) => {
    const { colonyname } = decode(named, message)
    const colony = requireColonyOwner(colonyname, caller, context)
    await context.directory.saveColony({ ...colony, paused })
    if (!paused) context.waiters.wakeAll(colonyname)
    return done
  }

const getPauseStatus: Handler = async (message, caller, context) => {
  const { colonyname } = decode(named, message)
  requireLooseMember(colonyname, caller, context)
  const msgtype = 'pausestatusreplymsg'
  return reply({ msgtype, colonyname, ispaused: requireColony(colonyname, context).paused }, msgtype)
}

export const handlers: HandlerTable = {
  pauseassignmentsmsg: setPaused(true),
  resumeassignmentsmsg: setPaused(false),
  getpausestatusmsg: getPauseStatus,
}
