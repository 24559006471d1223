/**
 * One owner for a folder. The owner is the file `owner.<n>` with the highest n. Whoever wants the folder creates n + 1,
 * which the file system grants to one only, and files of living owners are never touched: so taking over from a dead
 * owner cannot race. A released file stays, empty of an owner, so that n only grows.
 */

import { randomBytes } from 'node:crypto'
import { link, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { BeeError } from '../../errors.ts'
import { birthOf } from './process-identity.ts'

export interface OwnerLock {
  /** Gives the folder free. Repeating it does nothing. */
  readonly release: () => Promise<void>
}

const ownerFile = z.object({ pid: z.number().int().nonnegative(), birth: z.string() })
type Owner = z.infer<typeof ownerFile>
const nobody: Owner = { pid: 0, birth: '' }

/** Folders that this process holds; its own pid is alive, so the file alone could not tell a second try from a first. */
const held = new Set<string>()

/**
 * Takes the folder for this process.
 * @throws BeeError BEE_LOCAL_STACK_LOCKED with the pid of the owner while that one lives.
 */
export async function acquireOwnerLock(folder: string): Promise<OwnerLock> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  if (held.has(folder)) throw locked(folder, process.pid)
  held.add(folder)
  try {
    const generation = await takeNext(folder)
    return { release: () => release(folder, generation) }
  } catch (error) {
    held.delete(folder)
    throw error
  }
}

async function takeNext(folder: string): Promise<number> {
  const mine = await writeOwner(folder, { pid: process.pid, birth: birthOf(process.pid) ?? 'unknown' })
  try {
    for (;;) {
      const highest = Math.max(0, ...(await generations(folder)))
      const owner = await readOwner(folder, highest)
      if (owner.pid > 0 && birthOf(owner.pid) === owner.birth) throw locked(folder, owner.pid)
      const next = highest + 1
      const won = await link(mine, lockPath(folder, next)).then(
        () => true,
        (error: NodeJS.ErrnoException) => {
          if (error.code === 'EEXIST') return false
          throw error
        },
      )
      if (!won) continue
      const now = await generations(folder)
      if (Math.max(...now) === next) {
        // The one before stays: a reader may be listing the folder right now and must not find it empty.
        await Promise.all(now.filter((old) => old < next - 1).map((old) => rm(lockPath(folder, old), { force: true })))
        return next
      }
      // We slept through somebody's whole ownership; our number is history.
      await rm(lockPath(folder, next), { force: true })
    }
  } finally {
    await rm(mine, { force: true })
  }
}

async function release(folder: string, generation: number): Promise<void> {
  if (!held.delete(folder)) return
  const free = await writeOwner(folder, nobody).catch(() => undefined)
  if (free !== undefined) await rename(free, lockPath(folder, generation)).catch(() => rm(free, { force: true }))
}

async function writeOwner(folder: string, owner: Owner): Promise<string> {
  const path = join(folder, `.owner-${process.pid}-${randomBytes(6).toString('hex')}`)
  await writeFile(path, JSON.stringify(owner), { mode: 0o600 })
  return path
}

async function readOwner(folder: string, generation: number): Promise<Owner> {
  if (generation === 0) return nobody
  const text = await readFile(lockPath(folder, generation), 'utf8').catch(() => '')
  try {
    return ownerFile.parse(JSON.parse(text))
  } catch {
    return nobody
  }
}

async function generations(folder: string): Promise<number[]> {
  const names = await readdir(folder)
  return names.flatMap((name) => (/^owner\.\d{1,15}$/.test(name) ? [Number(name.slice('owner.'.length))] : []))
}

const lockPath = (folder: string, generation: number): string => join(folder, `owner.${generation}`)

const locked = (folder: string, pid: number): BeeError =>
  new BeeError('BEE_LOCAL_STACK_LOCKED', `The process ${pid} uses ${folder}.`, { details: { pid } })
