import { join } from 'node:path'
import type { Context } from '../context.ts'
import { type Round, startMeasured } from '../cpu/rounds.ts'
import { surroundings } from '../cpu/surroundings.ts'
import { goal, type Line } from '../report/line.ts'
import { median, mib, ms, number, range, timesLess, timesOf } from '../report/statistics.ts'

const goalMs = 1.8
const goalPerCore = 550
const goalOverheadMs = 0.05

const script = (name: string): URL => new URL(`../cpu/${name}`, import.meta.url)

/** CPU of the hive a task against stubs, what that makes a core, what the runtime alone costs, and the heap over it. */
export async function cpu({ quick, folder }: Context): Promise<readonly Line[]> {
  const { stub, fleet, naive } = await surroundings(join(await folder(), 'hive.log'))
  const measure = async (name: string, env: Readonly<Record<string, string>>, rounds: number, tasks: number) => {
    const measured = await startMeasured(script(name), stub, env)
    // The first round warms up.
    const all: Round[] = [await measured.round(Math.ceil(tasks / 2))]
    for (let round = 0; round < rounds; round += 1) all.push(await measured.round(tasks))
    measured.stop()
    return all
  }
  try {
    const tasks = quick ? 500 : 4_000
    const naiveTasks = quick ? 40 : 400
    const before = await measure('naive-main.ts', naive, 2, naiveTasks)
    const [warm, ...rounds] = await measure('fleet-main.ts', fleet, quick ? 3 : 5, tasks)
    const after = await measure('naive-main.ts', naive, 2, naiveTasks)
    const careful = await measure('naive-main.ts', { ...naive, BENCH_VERIFY: 'true' }, 2, naiveTasks)
    const overhead = await measure('overhead-main.ts', fleet, 3, quick ? 1_000 : 5_000)
    const cpuOf = (of: readonly Round[]): number[] => of.map(({ cpuMs }) => cpuMs)
    const fleetMs = cpuOf(rounds)
    const naiveMs = cpuOf([...before.slice(1), ...after.slice(1)])
    const carefulMs = cpuOf(careful.slice(1))
    const overheadMs = cpuOf(overhead.slice(1))
    const value = median(fleetMs)
    const done = tasks * rounds.length
    const heaps = [warm, ...rounds].map((round) => round?.heapBytes ?? Number.NaN)
    // The table of finished processes is swept when it has doubled, so one sample may be some MiB off.
    const heap = median(heaps.slice(1))
    const growth = heap / (heaps[0] ?? 1) - 1
    return [
      {
        what: 'fleet CPU a task, stubs, everything on',
        value: ms(value),
        spread: `${range(fleetMs)}, ${rounds.length} × ${tasks}`,
        goal: goal(`≤ ${goalMs} ms`, value <= goalMs),
        baseline: `naive, envelope unchecked: ${ms(median(naiveMs))} (${range(naiveMs)})`,
        ratio: timesLess(value, median(naiveMs)),
      },
      {
        what: 'tasks/s a core, from the same run',
        value: number(1000 / value),
        spread: range(fleetMs.map((each) => 1000 / each)),
        goal: goal(`≥ ${goalPerCore}`, 1000 / value >= goalPerCore),
        baseline: `naive, envelope checked by tweetnacl: ${number(1000 / median(carefulMs))}/s (${range(carefulMs)} ms)`,
        ratio: timesOf(1000 / value, 1000 / median(carefulMs)),
      },
      {
        what: 'runtime alone: no I/O, no crypto',
        value: ms(median(overheadMs)),
        spread: range(overheadMs),
        goal: goal(`≤ ${goalOverheadMs} ms`, median(overheadMs) <= goalOverheadMs),
        baseline: `the whole task: ${ms(value)}`,
        ratio: `${number((median(overheadMs) / value) * 100)} %`,
      },
      {
        what: `heap over ${done} more tasks, median of ${rounds.length} looks`,
        value: mib(heap),
        spread: `${mib(Math.min(...heaps))}–${mib(Math.max(...heaps))}`,
        goal: goal('< 5 % growth', growth < 0.05),
        baseline: `after ${Math.ceil(tasks / 2)} tasks: ${mib(heaps[0] ?? Number.NaN)}`,
        ratio: `${growth >= 0 ? '+' : ''}${number(growth * 100)} %`,
      },
    ]
  } finally {
    stub.stop()
  }
}
