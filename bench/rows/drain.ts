import type { Context } from '../context.ts'
import { createClient } from '../hive/client.ts'
import { inParallel } from '../hive/pace.ts'
import { type RunningHive, type Stopped, startHive } from '../hive/start-hive.ts'
import { goal, type Line } from '../report/line.ts'
import { ms } from '../report/statistics.ts'
import { fleetAlone } from './boot.ts'

const idleGoalMs = 500
const backlog = 100
/** First polls are spread over a quarter of a second; a hive that is stopped before has nothing to wait for. */
const untilPolling = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1_500))

/** From SIGTERM to the exit, idle and with a backlog; of the whole hive and of a fleet that leaves its stack behind. */
export async function drain({ hive, folder }: Context): Promise<readonly Line[]> {
  const shared = await hive()
  const data = shared.folder
  await untilPolling()
  const idle = await shared.stop()
  const again = await startHive(data)
  const busy = await stopUnderLoad(again, again)
  const stack = await startHive(data, { BEES_ONLY: 'finance' })
  const settings = { ...fleetAlone(stack.env), BEES_ONLY: 'worker' }
  const quiet = await startHive(await folder(), settings)
  await untilPolling()
  const idleFleet = await quiet.stop()
  const busyFleet = await stopUnderLoad(await startHive(await folder(), settings), stack)
  await stack.stop()
  const line = (what: string, stopped: Stopped, baseline: string, goalText: string): Line => ({
    what,
    value: ms(stopped.durationMs),
    spread: 'once',
    goal: goalText,
    baseline,
    ratio: `exit ${stopped.exitCode}`,
  })
  const { durationMs } = idle
  return [
    line('SIGTERM → exit, npm start, idle', idle, 'grace: 25 s', goal('< 0.5 s', durationMs < idleGoalMs)),
    line('SIGTERM → exit, npm start, busy', busy, `idle: ${ms(durationMs)}`, goal('exit 0', busy.exitCode === 0)),
    line(
      'SIGTERM → exit, fleet alone, idle',
      idleFleet,
      'it waits for its open poll, at most 10 s',
      goal('< 0.5 s', idleFleet.durationMs < idleGoalMs),
    ),
    line(
      'SIGTERM → exit, fleet alone, busy',
      busyFleet,
      `idle: ${ms(idleFleet.durationMs)}`,
      goal('exit 0', busyFleet.exitCode === 0),
    ),
  ]
}

/** Stops a hive in the middle of a backlog. @param stack the hive whose broker it is */
async function stopUnderLoad(hive: RunningHive, stack: RunningHive): Promise<Stopped> {
  const client = createClient(stack.env)
  try {
    const before = await client.done()
    const submitting = inParallel(backlog, 8, () => client.submit()).catch(() => [])
    await client.untilDone(before + 10)
    const stopped = await hive.stop()
    await submitting
    return stopped
  } finally {
    client.close()
  }
}
