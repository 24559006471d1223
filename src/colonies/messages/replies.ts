import type { z } from 'zod'
import { ColoniesError } from '../errors.ts'
import type { JsonValue } from '../exact-json.ts'
import { listOf, nothing } from './fields.ts'
import * as members from './members.ts'
import * as processes from './process.ts'
import * as records from './records.ts'
import * as workflows from './workflow.ts'

/** What each message is answered with. */
export const replySchemas = {
  addcolonymsg: members.colony,
  removecolonymsg: nothing,
  getcoloniesmsg: listOf(members.colony),
  getcolonymsg: members.colony,
  getcolonystatsmsg: members.statistics,
  getstatisticsmsg: members.statistics,
  getclustermsg: members.cluster,
  versionmsg: members.version,
  getserverinfomsg: members.serverInfo,
  pauseassignmentsmsg: nothing,
  resumeassignmentsmsg: nothing,
  getpausestatusmsg: members.pauseStatus,
  changeserveridmsg: members.changedServerId,
  changecolonyidmsg: members.changedColonyId,
  changeexecutoridmsg: members.changedExecutorId,
  changeuseridmsg: members.changedUserId,

  addexecutormsg: members.executor,
  approveexecutormsg: nothing,
  rejectexecutormsg: nothing,
  removeexecutormsg: nothing,
  getexecutorsmsg: listOf(members.executor),
  getexecutormsg: members.executor,
  getexecutorbyidmsg: members.executor,
  reportallocationmsg: nothing,
  updateexecutormsg: nothing,

  addusermsg: members.user,
  getusersmsg: listOf(members.user),
  getusermsg: members.user,
  getuserbyidmsg: members.user,
  removeusermsg: nothing,

  addlocationmsg: members.location,
  getlocationsmsg: listOf(members.location),
  getlocationmsg: members.location,
  removelocationmsg: nothing,

  addfunctionmsg: records.registeredFunction,
  getfunctionsmsg: listOf(records.registeredFunction),
  removefunctionmsg: nothing,

  submitfuncspecmsg: processes.process,
  assignprocessmsg: processes.process,
  getprocessmsg: processes.process,
  getprocessesmsg: listOf(processes.process),
  getprocesshistmsg: listOf(processes.process),
  removeprocessmsg: nothing,
  removeallprocessesmsg: nothing,
  cancelprocessmsg: nothing,
  closesuccessfulmsg: nothing,
  closefailedmsg: nothing,
  setoutputmsg: nothing,

  addlogmsg: nothing,
  addexecutorlogmsg: nothing,
  getlogsmsg: listOf(records.logLine),
  searchlogsmsg: listOf(records.logLine),
  addattributemsg: processes.attribute,
  getattributemsg: processes.attribute,

  submitworkflowspecmsg: workflows.processGraph,
  getprocessgraphmsg: workflows.processGraph,
  getprocessgraphsmsg: listOf(workflows.processGraph),
  removeprocessgraphmsg: nothing,
  removeallprocessgraphsmsg: nothing,
  cancelprocessgraphmsg: nothing,
  addchildmsg: processes.process,

  addcronmsg: workflows.cron,
  getcronmsg: workflows.cron,
  getcronsmsg: listOf(workflows.cron),
  runcronmsg: workflows.cron,
  removecronmsg: nothing,

  addgeneratormsg: workflows.generator,
  getgeneratormsg: workflows.generator,
  getgeneratorsmsg: listOf(workflows.generator),
  resolvegeneratormsg: workflows.generator,
  packgeneratormsg: nothing,
  removegeneratormsg: nothing,

  channelappendmsg: nothing,
  channelreadmsg: listOf(records.channelEntry),
  subscribechannelmsg: listOf(records.channelEntry),
  subscribeprocessmsg: processes.process,

  getfilelabelsmsg: listOf(records.fileLabel),
  getfilesmsg: listOf(records.fileSummary),
  getfilemsg: listOf(records.file),
  getsnapshotsmsg: listOf(records.snapshot),
} satisfies Readonly<Record<string, z.ZodType>>

export type KnownMessage = keyof typeof replySchemas

/** The parsed reply of a message; plain JSON for messages that have no schema here. */
export type ReplyOf<Type extends string> = Type extends KnownMessage ? z.output<(typeof replySchemas)[Type]> : JsonValue

/**
 * Checks a reply payload against the schema of its message.
 * @throws ColoniesError of kind `malformed` that names the place, never the value.
 */
export const parseReply = <Type extends string>(msgtype: Type, payload: JsonValue): ReplyOf<Type> => {
  const schema: z.ZodType | undefined = Object.hasOwn(replySchemas, msgtype)
    ? replySchemas[msgtype as KnownMessage]
    : undefined
  if (schema === undefined) return payload as ReplyOf<Type>
  const parsed = schema.safeParse(payload)
  if (parsed.success) return parsed.data as ReplyOf<Type>
  const issue = parsed.error.issues[0]
  const detail = `unexpected reply at "${issue?.path.join('.') ?? ''}" (${issue?.code ?? 'unknown'})`
  throw new ColoniesError('malformed', { msgtype, detail, outcome: 'unknown' })
}
