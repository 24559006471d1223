/** What the data folder remembers of its cluster: where it is, its port, its password. */

import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { BeeError } from '../../errors.ts'

const stateFile = z.object({
  cluster: z.string().optional(),
  password: z.string().regex(/^[\w-]{16,}$/),
  port: z.number().int().optional(),
})
export type ClusterState = Readonly<z.infer<typeof stateFile>>

/** @throws BeeError BEE_LOCAL_STACK_FAILED when the file is there but damaged. */
export async function readState(dataDir: string): Promise<ClusterState | undefined> {
  const text = await readFile(join(dataDir, 'cluster.json'), 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  try {
    return stateFile.parse(JSON.parse(text))
  } catch (cause) {
    throw new BeeError('BEE_LOCAL_STACK_FAILED', `${join(dataDir, 'cluster.json')} is damaged.`, { cause })
  }
}

/** Holds the superuser's password: readable by its owner only, replaced as a whole. */
export async function writeState(dataDir: string, state: ClusterState): Promise<void> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const path = join(dataDir, 'cluster.json')
  await writeFile(`${path}.new`, JSON.stringify(state), { mode: 0o600 })
  await rename(`${path}.new`, path)
}
