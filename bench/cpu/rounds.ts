import { type ChildProcess, fork } from 'node:child_process'
import { nextMessage } from '../report/next-message.ts'
import type { StubProcess } from '../stub/stub-process.ts'

/** What a measured process says of one round. */
export interface Round {
  /** CPU of the whole OS process, user and system, ms a task. */
  readonly cpuMs: number
  readonly tasksPerSecond: number
  /** After a garbage collection, bytes. */
  readonly heapBytes: number
  readonly rssBytes: number
}

export interface RoundRequest {
  readonly kind: 'round'
  readonly tasks: number
}

export interface MeasuredProcess {
  round(tasks: number): Promise<Round>
  stop(): void
}

/** Starts a script that does the tasks of the stub and measures itself; `env` is its whole environment. */
export async function startMeasured(
  script: URL,
  stub: StubProcess,
  env: Readonly<Record<string, string>>,
  execArgv: readonly string[] = [],
): Promise<MeasuredProcess> {
  const child: ChildProcess = fork(script, {
    env,
    execArgv: ['--expose-gc', ...execArgv],
    stdio: ['ignore', 2, 2, 'ipc'],
  })
  await nextMessage(child)
  return {
    async round(tasks) {
      const armed = nextMessage(child)
      child.send({ kind: 'round', tasks } satisfies RoundRequest)
      await armed
      const done = nextMessage<Round>(child)
      stub.release(tasks)
      return done
    },
    stop: () => void child.kill('SIGTERM'),
  }
}

/** Runs one round in the measured process and says what it took. */
export async function takeRound(tasks: number, work: (tasks: number) => Promise<void>): Promise<Round> {
  const startMs = performance.now()
  const before = process.cpuUsage()
  await work(tasks)
  const { user, system } = process.cpuUsage(before)
  const wallMs = performance.now() - startMs
  globalThis.gc?.()
  const { heapUsed, rss } = process.memoryUsage()
  return {
    cpuMs: (user + system) / 1000 / tasks,
    tasksPerSecond: (tasks / wallMs) * 1000,
    heapBytes: heapUsed,
    rssBytes: rss,
  }
}

/** The measured side: `work` starts on a round at once and resolves when so many tasks are done. */
export function serveRounds(work: (tasks: number) => Promise<void>): void {
  process.on('message', async ({ tasks }: RoundRequest) => {
    const round = takeRound(tasks, work)
    process.send?.('armed')
    process.send?.(await round)
  })
  process.send?.('ready')
}
