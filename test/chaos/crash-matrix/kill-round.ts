import type { KillCell } from './cells.ts'
import { type CellReport, type CrashLane, reportOn } from './lane.ts'
import type { Struck } from './proxy.ts'
import { pollTimeoutS, type TaskInput } from './site.ts'

/** A process that stands at its boundary. */
interface Standing {
  readonly cell: KillCell
  readonly note: string
  readonly input: TaskInput
  readonly processId: string
  readonly struck: Struck | undefined
  readonly lock: number | undefined
}

/** As the tasks of the fixture have it. */
const deadlineMs = 3_000
/** The broker looks at time limits every second and acts up to two seconds late. */
const brokerLatenessMs = 2_000
/** What the machine may take beyond the arithmetic: this bounds correctness, not speed. */
const slackMs = 60_000
const boundMs = pollTimeoutS * 1000 + brokerLatenessMs + slackMs
const mostTries = 8

/** Gets the processes of some cells to their boundaries, kills the executor and sees how they end. */
export async function killRound(lane: CrashLane, cells: readonly KillCell[]): Promise<readonly CellReport[]> {
  const reports: CellReport[] = []
  let left = cells
  for (let tries = 1; left.length > 0; tries += 1) {
    const { ended, late } = await once(lane, left, tries)
    reports.push(...ended)
    if (late.length > 0 && tries === mostTries) throw new Error(`never stood in time: ${late[0]?.place}`)
    left = late
  }
  return reports
}

async function once(lane: CrashLane, cells: readonly KillCell[], tries: number) {
  const { colony, locks } = lane
  // Those that stop the poller or the writer come last: the others need them.
  const free = await Promise.all(cells.filter(({ boundary }) => !boundary.blocks).map((cell) => stand(lane, cell)))
  const standing = [...free]
  for (const cell of cells.filter(({ boundary }) => boundary.blocks)) standing.push(await stand(lane, cell))
  const leaving = await beginDrain(lane, cells)
  const before = await colony.facts(standing.map(({ processId }) => processId))
  // A process whose time ran out while the others were on their way is not where it should be any more.
  const inTime = await Promise.all(standing.map((one) => stillStands(lane, one, before.get(one.processId)?.starttime)))
  const killedMs = await lane.killAndReplace()
  leaving?.release()
  for (const { struck, lock, cell } of standing) {
    const { hold } = cell.boundary
    if (hold.by === 'wire' && hold.afterwards !== 'arrives last') struck?.release()
    if (lock === undefined) continue
    if (hold.by === 'lock' && hold.afterwards === 'rolls back') await locks.rollBack(lock)
    await locks.letGo(lock)
  }
  const twins = await Promise.all(
    standing.flatMap(({ cell, input }) => (cell.kind === 'keyed' ? [colony.submit('keyed', input)] : [])),
  )
  await colony.ended([...standing.map(({ processId }) => processId), ...twins])
  for (const { struck } of standing) struck?.release()
  await Promise.all(standing.map(({ struck }) => struck?.over))
  let twin = 0
  const reports: CellReport[] = []
  const late: KillCell[] = []
  for (const [index, { cell, note, processId }] of standing.entries()) {
    const ids = cell.kind === 'keyed' ? [processId, twins[twin++] ?? ''] : [processId]
    const { place, fault, kind } = cell
    const startedUs = before.get(processId)?.starttime ?? 0
    const dueMs = startedUs === 0 ? killedMs : startedUs / 1000 + deadlineMs
    const times = { fromMs: killedMs, dueMs, boundMs, tries }
    const report = await reportOn(lane, { place, fault, kind, note, processIds: ids, ...times })
    // What was not in time must be right all the same; it is only no proof of its boundary.
    if (inTime[index] || report.problems.length > 0) reports.push(report)
    else late.push(cell)
  }
  return { ended: reports, late }
}

/** Submits the process of a cell and waits until it stands at its boundary. */
async function stand(lane: CrashLane, cell: KillCell): Promise<Standing> {
  const { colony, locks } = lane
  const { hold } = cell.boundary
  const note = lane.note(cell)
  if (hold.by === 'step') {
    await lane.current().arm(note, hold.passed)
    const processId = await colony.submit(cell.kind, { note })
    await lane.current().heard('at', (message) => message.note === note)
    return { cell, note, input: { note }, processId, struck: undefined, lock: undefined }
  }
  if (hold.by === 'lock') {
    const lock = await locks.take()
    const input = { note, lock, lock_step: hold.step, lock_at: hold.at }
    const processId = await colony.submit(cell.kind, input)
    await locks.waitedFor(lock)
    return { cell, note, input, processId, struck: undefined, lock }
  }
  const struck = colony.proxy.strike(
    hold.message,
    { hold: hold.hold, thenArrives: hold.afterwards !== undefined },
    note,
  )
  const processId = await colony.submit(cell.kind, { note })
  await struck.struck
  return { cell, note, input: { note }, processId, struck, lock: undefined }
}

async function stillStands(lane: CrashLane, one: Standing, starttimeUs = 0): Promise<boolean> {
  if (one.lock !== undefined && !(await lane.locks.isWaitedFor(one.lock))) return false
  const [now] = (await lane.colony.facts([one.processId])).values()
  if (now === undefined) return false
  if (now.state === 2) return now.retries === 0
  const leftMs = starttimeUs / 1000 + deadlineMs - Date.now()
  // Given back by a drain: waiting again, which is what that boundary is.
  if (now.state === 0) return one.cell.boundary.drain?.leave === 'answer'
  return now.retries === 0 && leftMs > 400
}

async function beginDrain(lane: CrashLane, cells: readonly KillCell[]): Promise<Struck | undefined> {
  const drain = cells[0]?.boundary.drain
  if (drain === undefined) return undefined
  const leaving = drain.leave && lane.colony.proxy.strike('leave', { hold: drain.leave, thenArrives: false })
  await lane.current().drain(drain.graceMs)
  await leaving?.struck
  return leaving
}
