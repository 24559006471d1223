import { type ChildProcess, fork } from 'node:child_process'
import type { Context } from '../context.ts'
import { systemEnv } from '../hive/system-env.ts'
import { cpuMs, family, sum } from '../hive/usage.ts'
import type { Line } from '../report/line.ts'
import { nextMessage } from '../report/next-message.ts'
import { median, number, range, timesLess } from '../report/statistics.ts'

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** CPU of four bees that wait for work in 10 s polls, against four pollers that sign a 1 s poll anew each time. */
export async function idle({ quick, hive }: Context): Promise<readonly Line[]> {
  const { pid, env } = await hive()
  const windowMs = quick ? 3_000 : 10_000
  await pause(quick ? 500 : 3_000)
  const pids = await family(pid)
  const own: number[] = []
  const all: number[] = []
  for (let window = 0; window < 2; window += 1) {
    const usedMs = () => Promise.all(pids.map(cpuMs))
    const before = await usedMs()
    await pause(windowMs)
    const after = await usedMs()
    const percent = after.map((value, index) => ((value - (before[index] ?? 0)) / windowMs) * 100)
    own.push(percent[0] ?? Number.NaN)
    // Postgres ends a helper now and then.
    all.push(sum(percent.filter((share) => share >= 0)))
  }
  const naive = await naivePercent(env, windowMs)
  return [
    {
      what: 'idle CPU of four bees, share of a core',
      value: `${number(median(own))} %`,
      spread: `${range(own)}; all of npm start: ${range(all)}`,
      goal: '≈ 0',
      baseline: `four 1 s pollers that sign each poll: ${number(naive)} %`,
      ratio: timesLess(median(own), naive),
    },
  ]
}

async function naivePercent(env: Readonly<Record<string, string>>, windowMs: number): Promise<number> {
  const child: ChildProcess = fork(new URL('../cpu/naive-pollers-main.ts', import.meta.url), {
    env: { ...systemEnv, ...env, BENCH_WINDOW_MS: String(windowMs) },
    stdio: ['ignore', 2, 2, 'ipc'],
  })
  try {
    return await nextMessage<number>(child)
  } finally {
    child.kill()
  }
}
