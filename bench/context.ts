import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RunningHive, startHive } from './hive/start-hive.ts'
import { createWorkerFunction } from './hive/worker-function.ts'

/** What the rows share. */
export interface Context {
  /** Fewer repeats, shorter waits: a smoke test, not a measurement. */
  readonly quick: boolean
  /** A fresh temporary folder, gone after the run. */
  folder(): Promise<string>
  /** A whole hive with its stack and the benchmark's four bees, started when it is first asked for. */
  hive(): Promise<RunningHive>
  close(): Promise<void>
}

export function createContext(quick: boolean): Context {
  const folders: string[] = []
  let shared: Promise<RunningHive> | undefined

  const folder = async (): Promise<string> => {
    const path = await mkdtemp(join(tmpdir(), 'bees-bench-'))
    folders.push(path)
    return path
  }
  const start = async (): Promise<RunningHive> => {
    const hive = await startHive(await folder())
    await createWorkerFunction(hive.env)
    return hive
  }
  return {
    quick,
    folder,
    hive() {
      shared ??= start()
      return shared
    },
    async close() {
      const hive = await shared?.catch(() => undefined)
      await hive?.stop()
      for (const path of folders) await rm(path, { recursive: true, force: true })
    },
  }
}
