/** Broker, gateway and Postgres as processes of their own, to be killed and started again. */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startGateway } from '../../../src/local/gateway/index.ts'
import { migrate } from '../../../src/local/migrate.ts'
import { freePort, prepareSupabase, type RunningPostgres, startPostgres } from '../../../src/local/postgres/index.ts'
import { fastFolder } from '../../support/fast-folder.ts'
import { adminQuery, databaseUrlOf, testKeys } from '../../support/index.ts'

/** A server that a test may end and start again; its address stays. */
export interface Mortal {
  readonly url: string
  /** kill -9, and at once a new one. */
  readonly restart: () => Promise<void>
  readonly close: () => Promise<void>
}

export async function mortalBroker(databaseUrl: string, serverId: string): Promise<Mortal> {
  const port = await freePort()
  const start = async (): Promise<ChildProcess> => {
    const child = fork(new URL('../../../src/local/colonies/main.ts', import.meta.url), {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    const listening = once(child, 'message')
    child.send({ databaseUrl, port, serverId, faultControl: true })
    const [{ kind }] = (await listening) as [{ kind: string }]
    if (kind !== 'listening') throw new Error('the broker does not listen')
    return child
  }
  let child = await start()
  const end = async () => {
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }
  return {
    url: `http://127.0.0.1:${port}`,
    async restart() {
      await end()
      child = await start()
    },
    close: end,
  }
}

export async function mortalGateway(databaseUrl: string): Promise<Mortal> {
  const [port, folder] = [await freePort(), await mkdtemp(join(tmpdir(), 'colony-bees-gateway-'))]
  const start = () => startGateway({ databaseUrl, port, storageDir: join(folder, 'storage'), keys: testKeys })
  let running = await start()
  const end = async () => {
    process.kill(running.pid, 'SIGKILL')
    await running.exited
  }
  return {
    url: `http://127.0.0.1:${port}`,
    async restart() {
      await end()
      running = await start()
    },
    async close() {
      await end()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export interface MortalPostgres {
  readonly databaseUrl: string
  /** Ends it (`fast`: sessions are cut, transactions rolled back; `immediate`: as in a crash) and starts it again. */
  readonly restart: (how: 'fast' | 'immediate') => Promise<void>
  readonly close: () => Promise<void>
}

/** What it says is committed must survive, so this one writes to the disk. */
export async function mortalPostgres(): Promise<MortalPostgres> {
  const folder = await fastFolder('colony-bees-mortal-')
  const dataDir = join(folder, 'postgres')
  const start = (): Promise<RunningPostgres> => startPostgres({ dataDir, durable: true, maxConnections: 120 })
  let running = await start()
  await adminQuery(running.url, 'create database mortal template template0')
  const databaseUrl = databaseUrlOf(running.url, 'mortal')
  await prepareSupabase(databaseUrl)
  await migrate(databaseUrl)
  return {
    databaseUrl,
    async restart(how) {
      if (how === 'immediate' && running.pid !== undefined) {
        process.kill(running.pid, 'SIGQUIT')
        await running.exited
      }
      await running.stop()
      running = await start()
    },
    async close() {
      await running.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
