import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readEnvFile } from '../../src/local/env-file.ts'
import { until } from './until.ts'

export const projectDir = fileURLToPath(new URL('../../', import.meta.url))

export interface HiveProcessOptions {
  /** Folder of the local stack; a given one is left alone at the end. @default a fresh one, removed at the end */
  readonly dataDir?: string | undefined
  /** Beside what every hive of a test gets; `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
  /** Where bin/bees.js lies. @default this project */
  readonly project?: string | undefined
  /** @default bin/bees.js start, by the Node that runs the test */
  readonly command?: readonly [string, ...string[]] | undefined
}

export interface HiveProcess {
  readonly url: string
  /** What `local.env` says. */
  readonly env: Readonly<Record<string, string>>
  readonly dataDir: string
  readonly pid: number
  /** From the start of the process to /readyz. */
  readonly bootMs: number
  /** Everything that it and its children have printed, both streams. */
  readonly logs: () => string
  /** Ends the hive alone, at once; its children have to notice by themselves. */
  kill9(): Promise<void>
  sigterm(): Promise<number | null>
  /** Ctrl-C: to the whole process group, as a terminal does it. */
  interrupt(): Promise<number | null>
  signal(signal: NodeJS.Signals): void
  readonly exited: Promise<number | null>
  /** Processes that it started (and theirs), as they are now. */
  descendants(): Promise<readonly number[]>
  /** Ends it if it still runs, waits until its children are gone, and removes a fresh data folder. Idempotent. */
  close(): Promise<void>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

export interface CommandResult {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

const readyTimeoutMs = 60_000
const exitTimeoutMs = 40_000

/** A data folder that the unprivileged user that runs Postgres can pass through. */
export async function freshDataDir(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'colony-bees-hive-'))
  await chmod(folder, 0o711)
  return folder
}

/** Nothing of the caller's own settings reaches a hive under test. */
export function cleanEnv(more: Readonly<Record<string, string | undefined>> = {}): NodeJS.ProcessEnv {
  const own = /^(BEES_|COLONIES_|SUPABASE_|STRIPE_|SECURITY_|DATABASE_URL$|NODE_OPTIONS$|VITEST|TEST_SEED$)/
  const kept = Object.entries(process.env).filter(([name]) => !own.test(name))
  return { ...Object.fromEntries(kept), NO_COLOR: '1', ...more }
}

/** Spawns `bees start` in a process group of its own, without waiting for anything. */
export function spawnHive(dataDir: string, options: HiveProcessOptions = {}): ChildProcess & { output: () => string } {
  const project = options.project ?? projectDir
  const [file, ...args] = options.command ?? [process.execPath, join(project, 'bin', 'bees.js'), 'start']
  const child = spawn(file, args, {
    cwd: project,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: cleanEnv({
      BEES_PORT: '0',
      BEES_DATA_DIR: dataDir,
      BEES_TEST_FAULTS: 'true',
      BEES_LOG_LEVEL: 'debug',
      // Most tests count rows and processes; those about schedules switch them on.
      BEES_SCHEDULES: 'false',
      ...options.env,
    }),
  })
  const chunks: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => void chunks.push(chunk))
  }
  return Object.assign(child, { output: () => chunks.join('') })
}

/** Starts a whole hive as a user does and waits until it is ready. */
export async function startHiveProcess(options: HiveProcessOptions = {}): Promise<HiveProcess> {
  const dataDir = options.dataDir ?? (await freshDataDir())
  const beganMs = performance.now()
  const child = spawnHive(dataDir, options)
  const pid = child.pid ?? 0
  const exited = once(child, 'exit').then(([code]) => code as number | null)
  const known = new Set<number>()
  const descendants = async () => {
    for (const one of await descendantsOf(pid)) known.add(one)
    return [...known].filter(isAlive)
  }
  let closing: Promise<void> | undefined
  const close = () => {
    closing ??= (async () => {
      await descendants()
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
      await exited
      await allGone([...known]).finally(async () => {
        for (const one of known) kill(one, 'SIGKILL')
        if (options.dataDir === undefined) await removeDataDir(dataDir)
      })
    })()
    return closing
  }
  let ended = false
  exited.then(() => {
    ended = true
  })
  const failed = () => new Error(`The hive ended (${child.exitCode ?? child.signalCode}):\n${child.output()}`)
  try {
    await until(
      () => {
        if (ended) throw failed()
        return child.output().includes('is up after')
      },
      { timeoutMs: readyTimeoutMs, what: 'the welcome' },
    )
    const env = await readEnvFile(dataDir)
    const url = /status page\s+(\S+)/.exec(child.output())?.[1] ?? ''
    await until(() => isReady(url), { timeoutMs: readyTimeoutMs, intervalMs: 20, what: `${url}/readyz` })
    const bootMs = performance.now() - beganMs
    await descendants()
    const end = async (send: () => void) => {
      await descendants()
      send()
      const timer = setTimeout(() => child.kill('SIGKILL'), exitTimeoutMs)
      const code = await exited
      clearTimeout(timer)
      return code
    }
    return {
      url,
      env,
      dataDir,
      pid,
      bootMs,
      logs: child.output,
      exited,
      descendants,
      kill9: async () => void (await end(() => child.kill('SIGKILL'))),
      sigterm: () => end(() => child.kill('SIGTERM')),
      interrupt: () => end(() => process.kill(-pid, 'SIGINT')),
      signal: (signal) => void child.kill(signal),
      close,
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    await close()
    throw new Error(`The hive did not come up.\n${child.output().slice(-4_000)}`, { cause: error })
  }
}

/** Runs one `bees` command to its end. */
export async function runBees(
  args: readonly string[],
  options: {
    readonly dataDir?: string
    readonly project?: string
    readonly env?: Readonly<Record<string, string>>
  } = {},
): Promise<CommandResult> {
  const project = options.project ?? projectDir
  const child = spawn(process.execPath, [join(project, 'bin', 'bees.js'), ...args], {
    cwd: project,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: cleanEnv({ ...(options.dataDir === undefined ? {} : { BEES_DATA_DIR: options.dataDir }), ...options.env }),
    timeout: 120_000,
  })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    out += chunk
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    err += chunk
  })
  const [code] = await once(child, 'close')
  return { code: code as number | null, out, err }
}

async function isReady(url: string): Promise<boolean> {
  const reply = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined)
  await reply?.arrayBuffer()
  return reply?.status === 200
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // Gone already.
  }
}

/** Waits until none of them runs any more; an error names those that do. */
export async function allGone(pids: readonly number[], timeoutMs = 20_000): Promise<void> {
  await until(() => !pids.some(isAlive), { timeoutMs, what: `the end of the processes ${pids.filter(isAlive)}` })
}

/** Children and children's children of a process, read from /proc (elsewhere: none). */
export async function descendantsOf(pid: number): Promise<readonly number[]> {
  const names = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))
  const parents = new Map<number, number>()
  for (const name of names) {
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '')
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
    if (Number.isInteger(parent)) parents.set(Number(name), parent)
  }
  const found = new Set<number>([pid])
  for (let before = 0; before !== found.size; ) {
    before = found.size
    for (const [child, parent] of parents) if (found.has(parent)) found.add(child)
  }
  found.delete(pid)
  return [...found]
}

/** Removes the folder with everything in it. */
export async function removeDataDir(dataDir: string): Promise<void> {
  await rm(dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
}
