import { readFile, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, inject, test } from 'vitest'
import { freePort, startPostgres } from '../../../src/local/postgres/index.ts'
import { commandOf, isAlive } from '../../../src/local/postgres/process-identity.ts'
import { descendantsOf } from '../../support/hive.ts'
import { adminQuery, fastFolder, until } from '../../support/index.ts'
import { startOwner } from './start-owner.ts'

let folder: string
let dataDir: string

beforeEach(async () => {
  folder = await fastFolder('bees-postgres-')
  dataDir = join(folder, 'postgres')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const keep = (url: string, n: number) =>
  adminQuery(url, `create table if not exists kept (n int); insert into kept values (${n})`)
const kept = async (url: string) => (await adminQuery(url, 'select n from kept order by n')).map(({ n }) => n)
const pidOf = (said: Readonly<Record<string, unknown>>): number => Number(said['pid'])

test('starts, keeps what was committed over a restart, and comes back on the same port', async () => {
  const first = await startPostgres({ dataDir })
  expect(first).toMatchObject({ embedded: true, pid: expect.any(Number) })
  await keep(first.url, 1)
  await first.stop()
  await first.stop()
  await first.exited
  expect(isAlive(first.pid ?? 0)).toBe(false)
  const second = await startPostgres({ dataDir })
  expect(second.url).toBe(first.url)
  expect(await kept(second.url)).toEqual([1])
  await second.stop()
})

test('nobody gets in without the password; the file that holds it is private; only 127.0.0.1 listens', async () => {
  const server = await startPostgres({ dataDir, durable: false })
  try {
    const { port, password } = new URL(server.url)
    for (const url of [`postgresql://postgres@127.0.0.1:${port}/postgres`, server.url.replace(password, 'guess')]) {
      await expect(adminQuery(url, 'select 1')).rejects.toThrow()
    }
    expect((await stat(join(dataDir, 'cluster.json'))).mode & 0o077).toBe(0)
    const [row] = await adminQuery(
      server.url,
      "select current_setting('listen_addresses') as l, current_setting('unix_socket_directories') as u, current_setting('fsync') as f",
    )
    expect(row).toEqual({ l: '127.0.0.1', u: '', f: 'off' })
    expect(commandOf(server.pid ?? 0)).not.toContain(password)
  } finally {
    await server.stop()
  }
})

test('is durable unless told otherwise', async () => {
  const server = await startPostgres({ dataDir })
  const [row] = await adminQuery(
    server.url,
    "select current_setting('fsync') as f, current_setting('synchronous_commit') as s, current_setting('full_page_writes') as p",
  )
  expect(row).toEqual({ f: 'on', s: 'on', p: 'on' })
  await server.stop()
})

test('does not run as root', async () => {
  const server = await startPostgres({ dataDir, durable: false })
  const status = await readFile(`/proc/${server.pid}/status`, 'utf8').catch(() => 'Uid:\t1\t1\t1\t1')
  const uids = /^Uid:\s+(.*)$/m.exec(status)?.[1]?.split(/\s+/)
  expect(uids).not.toContain('0')
  await server.stop()
})

test('a second owner is refused with the pid of the first, which goes on undisturbed', async () => {
  const server = await startPostgres({ dataDir, durable: false })
  const other = await startOwner('postgres', dataDir)
  expect(other.said).toMatchObject({
    code: 'BEE_LOCAL_STACK_LOCKED',
    message: expect.stringContaining(`${process.pid}`),
  })
  expect(await adminQuery(server.url, 'select 1 as one')).toEqual([{ one: 1 }])
  await server.stop()
})

test('kill -9 of the owner: Postgres goes away by itself, nothing committed is lost, and it comes up again', async () => {
  const owner = await startOwner('postgres', dataDir, true)
  await keep(String(owner.said['url']), 5)
  await owner.kill()
  await until(() => !isAlive(pidOf(owner.said)), { timeoutMs: 10_000, what: 'the end of Postgres' })
  const again = await startPostgres({ dataDir })
  expect(await kept(again.url)).toEqual([5])
  await again.stop()
})

test('kill -9 of the owner and an immediate start: no wait needed', async () => {
  const owner = await startOwner('postgres', dataDir)
  await keep(String(owner.said['url']), 6)
  await owner.kill()
  const again = await startPostgres({ dataDir, durable: false })
  expect(again.pid).not.toBe(pidOf(owner.said))
  expect(await kept(again.url)).toEqual([6])
  await again.stop()
})

test('kill -9 of owner, guardian and its watcher: the orphan is ended by the next start', async () => {
  const owner = await startOwner('postgres', dataDir)
  const orphan = pidOf(owner.said)
  await keep(String(owner.said['url']), 7)
  const guardian = await parentOf(orphan)
  const server = [orphan, ...(await descendantsOf(orphan))]
  // The watcher outlives its guardian and would end Postgres as soon as the owner is gone.
  const watchers = (await descendantsOf(guardian)).filter(
    (pid) => !server.includes(pid) && commandOf(pid)?.includes('guardian'),
  )
  expect(watchers).toHaveLength(1)
  for (const pid of [...watchers, guardian]) process.kill(pid, 'SIGKILL')
  await owner.kill()
  expect(isAlive(orphan)).toBe(true)
  const again = await startPostgres({ dataDir, durable: false })
  expect(isAlive(orphan)).toBe(false)
  expect(await kept(again.url)).toEqual([7])
  await again.stop()
})

test('kill -9 of Postgres itself: we are told, and the next start recovers everything', async () => {
  const server = await startPostgres({ dataDir })
  await keep(server.url, 8)
  process.kill(server.pid ?? 0, 'SIGKILL')
  await server.exited
  await server.stop()
  const again = await startPostgres({ dataDir })
  expect(await kept(again.url)).toEqual([8])
  await again.stop()
})

test('an initdb that was cut off is done again', async () => {
  const server = await startPostgres({ dataDir, durable: false })
  await server.stop()
  const { cluster } = JSON.parse(await readFile(join(dataDir, 'cluster.json'), 'utf8'))
  await rm(join(cluster, 'colony-bees-ready'))
  await rm(join(cluster, 'global'), { recursive: true })
  const again = await startPostgres({ dataDir, durable: false })
  expect(await adminQuery(again.url, 'select 1 as one')).toEqual([{ one: 1 }])
  await again.stop()
})

test('a port that is taken: refused when it was asked for, avoided when not', async () => {
  const port = await freePort()
  const server = await startPostgres({ dataDir, durable: false, port })
  expect(new URL(server.url).port).toBe(String(port))
  await server.stop()
  const squatter = createServer().listen(port, '127.0.0.1')
  try {
    await until(() => squatter.listening)
    await expect(startPostgres({ dataDir, durable: false, port })).rejects.toMatchObject({ code: 'BEE_PORT_IN_USE' })
    const elsewhere = await startPostgres({ dataDir, durable: false })
    expect(new URL(elsewhere.url).port).not.toBe(String(port))
    await elsewhere.stop()
  } finally {
    squatter.close()
  }
})

test('a given database is used and left alone', async () => {
  const { url } = inject('postgres')
  const given = await startPostgres({ dataDir, databaseUrl: url })
  expect(given).toMatchObject({ url, embedded: false, pid: undefined })
  await given.stop()
  expect(await adminQuery(url, 'select 1 as one')).toEqual([{ one: 1 }])
  await expect(stat(dataDir)).rejects.toThrow()
})

test('a given database that does not answer is an error without its password', async () => {
  const databaseUrl = `postgresql://someone:s3cret-canary@127.0.0.1:${await freePort()}/x`
  const error = await startPostgres({ dataDir, databaseUrl }).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'BEE_LOCAL_STACK_FAILED' })
  expect(JSON.stringify(error) + String(error)).not.toContain('s3cret-canary')
})

test("the server's log holds no statement", async () => {
  const server = await startPostgres({ dataDir, durable: false })
  await expect(adminQuery(server.url, "select 'canary-4711'::int")).rejects.toThrow()
  await adminQuery(server.url, "do $$ begin raise warning 'seen'; end $$ -- canary-4712")
  await server.stop()
  const log = await readFile(join(dataDir, 'postgres.log'), 'utf8')
  expect(log).toContain('seen')
  expect(log).not.toContain('canary-4712')
})

async function parentOf(pid: number): Promise<number> {
  const { execFileSync } = await import('node:child_process')
  return Number(execFileSync('ps', ['-o', 'ppid=', '-p', String(pid)], { encoding: 'utf8' }))
}
