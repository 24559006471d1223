import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { generatePrivateKey } from '../colonies/index.ts'
import { BeeError } from '../errors.ts'
import { generateSeed } from '../trust/index.ts'

const hexKey = z.string().regex(/^[0-9a-f]{64}$/)

const keysFile = z.object({
  /** secp256k1: owner of the local Colonies server, owner of the colony, the member that submits. */
  server: hexKey,
  colony: hexKey,
  submitter: hexKey,
  /** API keys of the RPC gateway. */
  secret: z.string().min(20),
  publishable: z.string().min(20),
  /** Ed25519 seeds. */
  receipt: hexKey,
  envelope: hexKey,
  stripe: z.string().min(20),
})

/** The keys of a local hive. All of them are secrets; none is used anywhere else. */
export type LocalKeys = Readonly<z.infer<typeof keysFile>>

/**
 * Reads `keys.json` of the data folder, or makes it (mode 600) at the first start. The caller holds the folder's lock.
 *
 * @throws BeeError BEE_LOCAL_STACK_FAILED when the file is there but not what we wrote; it is never overwritten then.
 */
export async function localKeys(dataDir: string): Promise<LocalKeys> {
  const path = join(dataDir, 'keys.json')
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return createKeys(dataDir, path)
  const parsed = keysFile.safeParse(parseJson(text))
  if (parsed.success) return Object.freeze(parsed.data)
  throw new BeeError('BEE_LOCAL_STACK_FAILED', `${path} is damaged. Delete it to make new keys, or restore it.`)
}

async function createKeys(dataDir: string, path: string): Promise<LocalKeys> {
  const random = () => randomBytes(24).toString('base64url')
  const generateKey = () => Buffer.from(generatePrivateKey()).toString('hex')
  const keys: LocalKeys = {
    server: generateKey(),
    colony: generateKey(),
    submitter: generateKey(),
    secret: `sb_secret_${random()}`,
    publishable: `sb_publishable_${random()}`,
    receipt: generateSeed(),
    envelope: generateSeed(),
    stripe: `whsec_${random()}`,
  }
  await mkdir(dataDir, { recursive: true, mode: 0o755 })
  // A crash in the middle leaves no half file behind.
  await writeFile(`${path}.new`, `${JSON.stringify(keys, null, 2)}\n`, { mode: 0o600 })
  await rename(`${path}.new`, path)
  return Object.freeze(keys)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
