/**
 * Where programs and data lie. Usually: the programs in node_modules, the data in the data folder. When root runs a
 * clone that lies in a folder which the unprivileged user cannot enter (/root, a private temporary folder), both go to a
 * place which that user can reach, and the data folder remembers where.
 */

import { chmod, chown, cp, lstat, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Logger } from 'pino'
import { BeeError } from '../../errors.ts'
import type { NativeFolder } from './binaries.ts'
import { canReach, canRun, type UserIds } from './unprivileged.ts'

/** /var/lib survives a reboot and nobody tidies it up; a temporary folder is nearly always there. */
const durablePlaces = ['/var/lib/colony-bees', join(tmpdir(), 'colony-bees'), '/tmp/colony-bees']
const passingPlaces = durablePlaces.toReversed()

/**
 * A folder with programs that `user` can run: the one given, or a copy of it.
 * @param user `undefined` when we run Postgres as ourselves.
 */
export async function placeNative(native: NativeFolder, user: UserIds | undefined, durable: boolean): Promise<string> {
  if (user === undefined || canRun(native.path, user)) return native.path
  const base = await reachablePlace(user, durable)
  const copy = join(base, `native-${native.version}`)
  if (await isOwnFolder(copy, 0)) {
    if (canRun(copy, user)) return copy
    await rm(copy, { recursive: true, force: true })
  }
  const staging = await mkdtemp(join(base, 'staging-'))
  try {
    await cp(native.path, staging, { recursive: true, verbatimSymlinks: true })
    await openForReading(staging)
    await rename(staging, copy).catch(async (error: unknown) => {
      // Somebody else copied at the same time: theirs is as good.
      if (!canRun(copy, user)) throw error
    })
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
  if (!canRun(copy, user)) throw new BeeError('BEE_LOCAL_STACK_FAILED', `User ${user.uid} cannot run ${copy}.`)
  return copy
}

/**
 * An empty or existing folder for the cluster, owned by the one who runs Postgres, mode 700.
 * @param remembered where it was the last time, from the data folder.
 */
export async function placeCluster(
  dataDir: string,
  remembered: string | undefined,
  user: UserIds | undefined,
  options: { readonly durable: boolean; readonly log: Logger | undefined },
): Promise<string> {
  if (remembered !== undefined) {
    if (await isOwnFolder(remembered, user?.uid ?? process.getuid?.())) return remembered
    if (await exists(remembered)) {
      throw new BeeError(
        'BEE_LOCAL_STACK_FAILED',
        `The database folder ${remembered} belongs to another user. Start as the user who created it, or remove ${dataDir}.`,
      )
    }
    options.log?.warn({ folder: remembered }, 'the database folder is gone; a new and empty one is made')
  }
  // Others may pass through the data folder, not list it; its own files are readable by their owner only.
  if (user !== undefined) await chmod(dataDir, 0o711)
  if (user === undefined || canReach(dataDir, user)) {
    const cluster = join(dataDir, 'cluster')
    await mkdir(cluster, { recursive: true, mode: 0o700 })
    if (user !== undefined) await chown(cluster, user.uid, user.gid)
    return cluster
  }
  const cluster = await mkdtemp(join(await reachablePlace(user, options.durable), 'cluster-'))
  await chown(cluster, user.uid, user.gid)
  options.log?.info({ folder: cluster }, 'the database lies outside of the data folder, which Postgres could not enter')
  return cluster
}

/** A folder of ours that `user` can pass through but not change. */
async function reachablePlace(user: UserIds, durable: boolean): Promise<string> {
  for (const place of durable ? durablePlaces : passingPlaces) {
    try {
      await mkdir(place, { recursive: true, mode: 0o711 })
      // Somebody may have put a folder of that name into the shared temporary folder to get at our data.
      if (!(await isOwnFolder(place, 0))) continue
      await chmod(place, 0o711)
      if (canReach(place, user)) return place
    } catch {
      // Read-only or forbidden: the next place.
    }
  }
  throw new BeeError(
    'BEE_LOCAL_STACK_FAILED',
    `There is no folder for the database that user ${user.uid} can enter. Clone into such a folder, or set DATABASE_URL.`,
  )
}

async function isOwnFolder(path: string, uid: number | undefined): Promise<boolean> {
  const stat = await lstat(path).catch(() => undefined)
  return stat?.isDirectory() === true && (uid === undefined || stat.uid === uid) && (stat.mode & 0o022) === 0
}

const exists = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  )

/** A clone made under a tight umask has programs that only their owner can run. */
async function openForReading(folder: string): Promise<void> {
  await chmod(folder, 0o755)
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isDirectory()) await chmod(path, 0o755)
    else if (entry.isFile()) await chmod(path, dirname(path).endsWith('/bin') ? 0o755 : 0o644)
  }
}
