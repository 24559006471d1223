import type { Bee, Task, TaskSchedule } from '../bee/index.ts'
import { canonicalJson, type Json } from '../canonical.ts'
import type { Cron, NewCron, WorkflowSpec } from '../colonies/index.ts'
import { toBeeError } from '../errors.ts'
import { LONGEST_ORDER_MS, type SigningKey, signEnvelope, type TrustedKey, verifyEnvelope } from '../trust/index.ts'
import { limitsOf } from './task-limits.ts'

/** A task of this hive that runs by itself. */
export interface ScheduledTask {
  readonly colony: string
  readonly bee: Pick<Bee, 'name' | 'executorType'>
  readonly task: Task
  readonly schedule: TaskSchedule
}

/** Every hive renews an order that has less than this left; there is time for a hundred looks and a long weekend. */
export const RENEW_BEFORE_MS = LONGEST_ORDER_MS / 3
const LABEL = 'bees schedule'

/** The tasks of these bees that have a schedule. */
export function scheduledTasks(colony: string, bees: readonly Bee[]): readonly ScheduledTask[] {
  return bees.flatMap((bee) =>
    [...bee.tasks.values()].flatMap((task) =>
      task.schedule === undefined ? [] : [{ colony, bee, task, schedule: task.schedule }],
    ),
  )
}

/** The name of a task's cron; the server sees to it that a colony has no two of one name. */
export const cronNameOf = (bee: string, task: string): string => `${bee}/${task}`

/** A cron with a fresh standing order. */
export function newCron(wanted: ScheduledTask, key: SigningKey, nowMs: number): NewCron {
  const { colony, bee, task, schedule } = wanted
  const subject = { colony, bee: bee.name, task: task.name, input: schedule.input }
  const envelope = signEnvelope(subject, key, { nowMs, validForMs: LONGEST_ORDER_MS, everyS: schedule.everyS })
  return {
    colonyname: colony,
    name: cronNameOf(bee.name, task.name),
    interval: schedule.everyS,
    // Nothing piles up while no hive takes it: one process waits, and the next is made when that one has ended.
    waitforprevprocessgraph: true,
    workflowspec: workflowOf(wanted, envelope),
  }
}

function workflowOf({ colony, bee, task, schedule }: ScheduledTask, envelope: string): WorkflowSpec {
  return {
    colonyname: colony,
    functionspecs: [
      {
        nodename: task.name,
        funcname: task.name,
        kwargs: { input: schedule.input, envelope },
        ...limitsOf(task),
        conditions: { colonyname: colony, executortype: bee.executorType },
        label: `${LABEL} ${task.schemaHash.slice(0, 16)}`,
      },
    ],
  }
}

/** Why a cron must be made anew, in words for the log; null when it is as it should be. */
export function cronProblem(
  cron: Cron,
  wanted: ScheduledTask,
  { trusted, nowMs }: { readonly trusted: readonly TrustedKey[]; readonly nowMs: number },
): string | null {
  const { colony, bee, task, schedule } = wanted
  const { everyS, input } = schedule
  if (cron.interval !== everyS || cron.cronexpression !== '' || !cron.waitforprevprocessgraph)
    return 'the interval changed'
  const found = ourNode(cron)
  if (found === null) return 'it is not one that a hive makes'
  if (!sameJson(found.workflow, workflowOf(wanted, found.envelope))) return 'the input, a limit or the schema changed'
  try {
    const subject = { colony, bee: bee.name, task: task.name, input }
    const { claims } = verifyEnvelope(found.envelope, { ...subject, trusted, nowMs })
    if (claims.every !== everyS) return 'its order is for another interval'
    return claims.exp * 1000 - nowMs < RENEW_BEFORE_MS ? 'its order ends soon' : null
  } catch (thrown) {
    return `its order is refused (${toBeeError(thrown).code})`
  }
}

/** Whether a hive made this cron for a task of this bee, which a person's own cron of a like name is not. */
export function isOurs(cron: Cron, bee: Pick<Bee, 'name' | 'executorType'>): boolean {
  return cron.name.startsWith(`${bee.name}/`) && ourNode(cron)?.executorType === bee.executorType
}

/** The one node of a cron that a hive has made: told by its label and by what it carries. */
function ourNode(cron: Cron) {
  const workflow = parse(cron.workflowspec)
  const nodes = member(workflow, 'functionspecs')
  const [node, ...more] = Array.isArray(nodes) ? nodes : []
  const label = member(node, 'label')
  const envelope = member(member(node, 'kwargs'), 'envelope')
  const executorType = member(member(node, 'conditions'), 'executortype')
  if (more.length > 0 || typeof label !== 'string' || !label.startsWith(`${LABEL} `)) return null
  return typeof envelope === 'string' && workflow !== undefined ? { workflow, envelope, executorType } : null
}

function member(value: Json | undefined, name: string): Json | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return Object.hasOwn(value, name) ? (value as { readonly [key: string]: Json })[name] : undefined
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function sameJson(a: Json, b: unknown): boolean {
  try {
    return canonicalJson(a) === canonicalJson(b)
  } catch {
    return false
  }
}
