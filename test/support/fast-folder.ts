import { chmod, mkdtemp, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const enoughBytes = 2 * 1024 ** 3

/**
 * A new folder that Postgres may pass through, in memory where there is plenty of it (in containers /dev/shm is often
 * 64 MB), else among the temporary ones.
 */
export async function fastFolder(prefix: string): Promise<string> {
  const shm = await statfs('/dev/shm').catch(() => undefined)
  const place = shm !== undefined && shm.bavail * shm.bsize > enoughBytes ? '/dev/shm' : tmpdir()
  const folder = await mkdtemp(join(place, prefix))
  await chmod(folder, 0o711)
  return folder
}
