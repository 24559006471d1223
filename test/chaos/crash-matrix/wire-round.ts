import { until } from '../../support/until.ts'
import type { WireCell } from './cells.ts'
import { type CellReport, type CrashLane, reportOn } from './lane.ts'
import type { Struck } from './proxy.ts'
import { wireFaults } from './wire-faults.ts'

interface Running {
  readonly cell: WireCell
  readonly note: string
  readonly fromMs: number
  readonly processIds: readonly string[]
  readonly struck: Struck
}

/** Lets one message of each cell go wrong and sees how the processes end. The executor lives. */
export async function wireRound(lane: CrashLane, cells: readonly WireCell[]): Promise<readonly CellReport[]> {
  const running: Running[] = []
  // Receipts are stored in groups: two at once would share a message, and one fault could spare the other its own.
  if (cells[0]?.place === 'store') {
    for (const cell of cells) {
      const one = await begin(lane, cell)
      await lane.colony.ended(one.processIds)
      running.push(one)
    }
  } else running.push(...(await Promise.all(cells.map((cell) => begin(lane, cell)))))
  await lane.colony.ended(running.flatMap(({ processIds }) => processIds))
  // What comes after the end comes now.
  for (const { struck } of running) struck.release()
  const missed = () => running.filter(({ struck }) => !struck.hasStruck()).map(({ note }) => note)
  await until(() => missed().length === 0, { what: 'the faults' }).catch(() => {
    throw new Error(`nothing went wrong: ${missed().join('; ')}`)
  })
  await Promise.all(running.map(({ struck }) => struck.over))
  return Promise.all(
    running.map(async ({ cell: { place, fault, kind }, note, processIds, fromMs }) => {
      // A submit that came twice has made a second process, with the same envelope.
      const others = (await lane.colony.named(note)).filter((id) => !processIds.includes(id))
      await lane.colony.ended(others)
      return reportOn(lane, { place, fault, kind, note, processIds: [...processIds, ...others], fromMs, tries: 1 })
    }),
  )
}

async function begin(lane: CrashLane, cell: WireCell): Promise<Running> {
  const { colony } = lane
  const { place, kind } = cell
  const fault = wireFaults.get(cell.fault)
  if (fault === undefined) throw new Error(`there is no fault ${cell.fault}`)
  const note = lane.note(cell)
  const fromMs = Date.now()
  const submit = async () => {
    const twin = kind === 'keyed' ? [colony.submit(kind, { note })] : []
    return Promise.all([colony.submit(kind, { note }), ...twin])
  }
  // Of an assignment only the answer says which it is: a fault of the request strikes at whatever poll comes next.
  const anyPoll = place === 'assign' && fault.arrives !== 'once'
  const message = place === 'assign' && !anyPoll ? 'assigned' : place
  const struck = colony.proxy.strike(message, fault, anyPoll ? undefined : note)
  if (anyPoll)
    await (fault.arrives === 'twice' || fault.arrives === 'at_once' ? colony.proxy.next('assign') : struck.struck)
  const processIds = place === 'submit' ? [await colony.submitThroughProxy(kind, { note })] : await submit()
  return { cell, note, fromMs, processIds, struck }
}
