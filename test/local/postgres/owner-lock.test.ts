import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { acquireOwnerLock } from '../../../src/local/postgres/index.ts'
import { birthOf } from '../../../src/local/postgres/process-identity.ts'
import { startOwner } from './start-owner.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bees-lock-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

test('a second try of the same process is refused until the first is released', async () => {
  const lock = await acquireOwnerLock(folder)
  await expect(acquireOwnerLock(folder)).rejects.toMatchObject({ code: 'BEE_LOCAL_STACK_LOCKED' })
  await lock.release()
  await lock.release()
  await (await acquireOwnerLock(folder)).release()
})

test('another process is refused and told our pid', async () => {
  const lock = await acquireOwnerLock(folder)
  const other = await startOwner('lock', folder)
  expect(other.said).toMatchObject({
    code: 'BEE_LOCAL_STACK_LOCKED',
    message: expect.stringContaining(`${process.pid}`),
  })
  await lock.release()
})

test('the lock of a killed owner is taken over, by exactly one of many', async () => {
  const dead = await startOwner('lock', folder)
  expect(dead.said).toEqual({ locked: true })
  await dead.kill()
  const rivals = await Promise.all(Array.from({ length: 6 }, () => startOwner('lock', folder)))
  try {
    expect(rivals.filter(({ said }) => said['locked'] === true)).toHaveLength(1)
    expect(rivals.filter(({ said }) => said['code'] === 'BEE_LOCAL_STACK_LOCKED')).toHaveLength(5)
  } finally {
    await Promise.all(rivals.map((rival) => rival.kill()))
  }
})

test('a pid that was given away again does not count as the owner', async () => {
  // Our own pid is alive, but it was not born then.
  await writeFile(join(folder, 'owner.7'), JSON.stringify({ pid: process.pid, birth: 'long ago' }))
  const lock = await acquireOwnerLock(folder)
  expect(await readdir(folder)).toEqual(['owner.7', 'owner.8'])
  await lock.release()
})

test('the same pid and birth does', async () => {
  await writeFile(join(folder, 'owner.7'), JSON.stringify({ pid: process.pid, birth: birthOf(process.pid) }))
  await expect(acquireOwnerLock(folder)).rejects.toMatchObject({ code: 'BEE_LOCAL_STACK_LOCKED' })
})

test.each(['', 'not json', '{"pid": -4, "birth": "x"}', '[]'])('a damaged lock %j locks nobody out', async (text) => {
  await writeFile(join(folder, 'owner.3'), text)
  await (await acquireOwnerLock(folder)).release()
})
