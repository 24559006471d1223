import type { Context } from '../context.ts'
import { createClient } from '../hive/client.ts'
import { inParallel } from '../hive/pace.ts'
import { spawnIdle } from '../hive/spawn-idle.ts'
import { family, pssBytes, rssBytes, sum } from '../hive/usage.ts'
import type { Line } from '../report/line.ts'
import { mib, number } from '../report/statistics.ts'

/** Memory of the hive's own OS process, and of everything that `npm start` runs. */
export async function memory({ quick, hive }: Context): Promise<readonly Line[]> {
  const { pid, env } = await hive()
  const client = createClient(env)
  const idle = await spawnIdle()
  try {
    const everything = async (): Promise<number> => sum(await Promise.all((await family(pid)).map(pssBytes)))
    const bareBytes = await rssBytes(idle.pid)
    const bootBytes = await rssBytes(pid)
    const allAtBoot = await everything()
    const tasks = quick ? 100 : 500
    const before = await client.done()
    await inParallel(tasks, 8, () => client.submit())
    await client.untilDone(before + tasks)
    const afterBytes = await rssBytes(pid)
    const baseline = `a node process that does nothing: ${mib(bareBytes)}`
    const ratio = (bytes: number): string => `${number(bytes / bareBytes)}×`
    const line = (what: string, bytes: number, spread: string): Line => {
      return { what, value: mib(bytes), spread, goal: '', baseline, ratio: ratio(bytes) }
    }
    return [
      line('RSS of the hive after boot', bootBytes, `all of npm start: ${mib(allAtBoot)} (PSS)`),
      line(`RSS of the hive after ${tasks} tasks`, afterBytes, `all of npm start: ${mib(await everything())} (PSS)`),
    ]
  } finally {
    idle.stop()
    client.close()
  }
}
