/** One Postgres cluster on disk: made once, then started and stopped by its postmaster.pid. */

import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { access, chown, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { BeeError } from '../../errors.ts'
import { commandOf, isAlive } from './process-identity.ts'
import type { UserIds } from './unprivileged.ts'

const run = promisify(execFile)

/** Postgres must not be led astray by PGDATA, PGPORT and the like of the user's shell. */
export const cleanEnvironment: NodeJS.ProcessEnv = {
  PATH: process.env.PATH ?? '/usr/bin:/bin',
  LC_ALL: 'C',
  TZ: 'UTC',
}

/** Makes the cluster unless it is there. Afterwards the superuser `postgres` has that password (SCRAM). */
export async function initCluster(options: {
  readonly native: string
  /** Of Postgres. */
  readonly major: number
  readonly cluster: string
  readonly password: string
  readonly user: UserIds | undefined
  readonly durable: boolean
}): Promise<void> {
  const { cluster, user } = options
  // Written last by us, so that an initdb that was cut off is not taken for a cluster.
  const doneFile = join(cluster, 'colony-bees-ready')
  if (await exists(doneFile)) return
  await emptyFolder(cluster)
  const passwordFile = `${cluster}-password-${randomBytes(6).toString('hex')}`
  await writeFile(passwordFile, `${options.password}\n`, { mode: 0o600, flag: 'wx' })
  try {
    if (user !== undefined) await chown(passwordFile, user.uid, user.gid)
    await run(
      join(options.native, 'bin', 'initdb'),
      [
        ...['-D', cluster, '-U', 'postgres', '-E', 'UTF8', '--auth=scram-sha-256', `--pwfile=${passwordFile}`],
        ...localeArguments(options.major),
        ...settingArguments(options.major),
        ...(options.durable ? [] : ['--no-sync']),
      ],
      { ...user, cwd: '/', env: cleanEnvironment, timeout: 120_000 },
    )
  } catch (cause) {
    const stderr = String((cause as { stderr?: unknown }).stderr ?? cause)
    throw new BeeError('BEE_LOCAL_STACK_FAILED', `initdb failed: ${stderr.trim().slice(0, 500)}`, { cause })
  } finally {
    await rm(passwordFile, { force: true })
  }
  await writeFile(doneFile, '')
}

/** The built-in locale is the same on every machine; before 17 there is none, and ICU comes nearest to hosted projects. */
const localeArguments = (major: number): readonly string[] =>
  major >= 17
    ? ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C']
    : ['--locale-provider=icu', '--icu-locale=en-US', '--locale=C']

/** 24 random bytes cannot be guessed, so stretching them would only slow each connection down (15 cannot be told). */
const settingArguments = (major: number): readonly string[] =>
  major >= 16 ? ['--set', 'scram_iterations=16', '--set', 'dynamic_shared_memory_type=mmap'] : []

/** The options of a start. Shared memory is asked for as files and anonymous maps: /dev/shm may be tiny. */
export function serverArguments(options: {
  readonly cluster: string
  readonly port: number
  readonly maxConnections: number
  readonly durable: boolean
}): string[] {
  const settings: Record<string, string | number> = {
    port: options.port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: options.maxConnections,
    shared_buffers: '64MB',
    dynamic_shared_memory_type: 'mmap',
    wal_level: 'minimal',
    max_wal_senders: 0,
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_min_messages: 'warning',
    // A failed statement may carry a sensitive field; the log keeps the error without it.
    log_min_error_statement: 'panic',
    log_parameter_max_length_on_error: 0,
    log_error_verbosity: 'terse',
    ...(options.durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  }
  return ['-D', options.cluster, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
}

export interface PostmasterFile {
  readonly pid: number
  readonly ready: boolean
}

/** What the running (or killed) server of that cluster wrote about itself. */
export async function readPostmasterFile(cluster: string): Promise<PostmasterFile | undefined> {
  const text = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '')
  const lines = text.split('\n')
  const pid = Number.parseInt(lines[0] ?? '', 10)
  return pid > 0 ? { pid, ready: (lines[7] ?? '').trim() === 'ready' } : undefined
}

/**
 * Ends a server that a killed owner left behind. Call it only while holding the owner lock.
 * SIGINT is Postgres' fast shutdown, SIGQUIT its immediate one; both lose nothing that was committed.
 */
export async function stopOrphan(cluster: string): Promise<void> {
  const file = await readPostmasterFile(cluster)
  if (file === undefined) return
  if (isAlive(file.pid) && commandOf(file.pid)?.includes(cluster)) await endProcess(file.pid)
  // Its number may belong to somebody else by now, at which Postgres would refuse to start.
  if (isAlive(file.pid)) await rm(join(cluster, 'postmaster.pid'), { force: true })
}

/** Ends a postmaster, ever more firmly. @throws BeeError when even SIGKILL does not help. */
export async function endProcess(pid: number): Promise<void> {
  for (const [signal, patienceMs] of [
    ['SIGINT', 10_000],
    ['SIGQUIT', 5_000],
    ['SIGKILL', 5_000],
  ] as const) {
    try {
      process.kill(pid, signal)
    } catch {
      return
    }
    const endMs = performance.now() + patienceMs
    while (performance.now() < endMs) {
      if (!isAlive(pid)) return
      await sleep(10)
    }
  }
  throw new BeeError('BEE_LOCAL_STACK_FAILED', `The Postgres process ${pid} cannot be stopped.`)
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

async function emptyFolder(path: string): Promise<void> {
  await Promise.all((await readdir(path)).map((name) => rm(join(path, name), { recursive: true, force: true })))
}
