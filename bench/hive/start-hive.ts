import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { readEnvFile } from '../../src/local/env-file.ts'
import { systemEnv } from './system-env.ts'

export const projectDir = fileURLToPath(new URL('../..', import.meta.url))

export interface RunningHive {
  readonly pid: number
  readonly url: string
  readonly folder: string
  /** The settings that the hive wrote for other programs. */
  readonly env: Readonly<Record<string, string>>
  /** From spawn to the first 200 of /readyz, ms. */
  readonly bootMs: number
  /** SIGTERM, then waits for the exit. Safe to call twice. */
  stop(): Promise<Stopped>
}

export interface Stopped {
  readonly exitCode: number | null
  /** From SIGTERM to exit. */
  readonly durationMs: number
}

const readyWithinMs = 60_000

/** Runs `bees start` as a person does, with the benchmark's bees. @param settings variables on top of the usual ones */
export async function startHive(folder: string, settings: Readonly<Record<string, string>> = {}): Promise<RunningHive> {
  const startedMs = performance.now()
  const child = spawn(process.execPath, ['bin/bees.js', 'start'], {
    cwd: projectDir,
    env: { ...systemEnv, BEES_DATA_DIR: folder, BEES_PORT: '0', BEES_DIR: 'bench/bees', ...settings },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  // Unless it is stopped before, it ends with us.
  const kill = (): void => void child.kill('SIGTERM')
  process.once('exit', kill)
  const url = await urlInWelcome(child)
  await ready(url)
  const bootMs = performance.now() - startedMs
  let stopped: Promise<Stopped> | undefined
  const stop = async (): Promise<Stopped> => {
    const signalledMs = performance.now()
    const exited = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined
    child.kill('SIGTERM')
    await exited
    process.off('exit', kill)
    return { exitCode: child.exitCode, durationMs: performance.now() - signalledMs }
  }
  return {
    pid: child.pid ?? 0,
    url,
    folder,
    env: await readEnvFile(folder),
    bootMs,
    stop() {
      stopped ??= stop()
      return stopped
    },
  }
}

function urlInWelcome(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`the hive was not up within ${readyWithinMs} ms`))
    }, readyWithinMs)
    child.once('exit', (code) => {
      clearTimeout(timer)
      reject(new Error(`the hive ended with ${code} before it was up`))
    })
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      const found = /status page\s+(http:\/\/\S+)/.exec(stripVTControlCharacters(text))?.[1]
      if (found === undefined) return
      clearTimeout(timer)
      text = ''
      resolve(found)
    })
  })
}

async function ready(url: string): Promise<void> {
  const endsMs = performance.now() + 10_000
  while (performance.now() < endsMs) {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined)
    await response?.arrayBuffer()
    if (response?.status === 200) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error('the hive is up and does not get ready')
}
