import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { BeeError } from '../errors.ts'
import { isBee } from './define-bee.ts'
import type { Bee } from './types.ts'

export interface LoadBeesOptions {
  /** Load these bees and no others. @default all that are found */
  readonly only?: readonly string[] | undefined
}

interface LoadedBee {
  readonly folder: string
  readonly file: string
  readonly bee: Bee
}

/**
 * Finds `<dir>/<name>/bee.ts`, imports each and checks what it exports. A bee that was not asked for is not imported,
 * so that a broken one cannot stop the others.
 *
 * @returns the bees, sorted by name.
 * @throws BeeError BEE_BEE_INVALID (names the file), BEE_BEE_DUPLICATE
 */
export async function loadBees(dir: string, options: LoadBeesOptions = {}): Promise<readonly Bee[]> {
  const found = await foldersWithBees(dir)
  const missing = options.only?.filter((name) => !found.includes(name)) ?? []
  if (missing.length > 0) {
    const known = found.length === 0 ? 'none' : found.join(', ')
    throw new BeeError('BEE_BEE_INVALID', `no bee ${missing.join(', ')} in ${dir}; found are: ${known}`)
  }
  const loaded: LoadedBee[] = []
  for (const folder of found) {
    if (options.only === undefined || options.only.includes(folder)) loaded.push(await loadBee(dir, folder))
  }
  checkNames(loaded)
  return loaded.map(({ bee }) => bee)
}

async function foldersWithBees(dir: string): Promise<readonly string[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    throw new BeeError('BEE_BEE_INVALID', `cannot read the folder of bees ${dir}: ${error.code}`, { cause: error })
  })
  const names = entries.filter((entry) => !entry.isFile()).map(({ name }) => name)
  return names.filter((name) => existsSync(join(dir, name, 'bee.ts'))).sort()
}

async function loadBee(dir: string, folder: string): Promise<LoadedBee> {
  const path = join(dir, folder, 'bee.ts')
  const file = relative(process.cwd(), path)
  const module: { readonly default?: unknown } = await import(pathToFileURL(path).href).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error)
    throw new BeeError('BEE_BEE_INVALID', `${file}: ${reason}`, { cause: error })
  })
  if (isBee(module.default)) return { folder, file, bee: module.default }
  const received = 'default' in module ? `one of type ${typeof module.default}` : 'none'
  throw new BeeError('BEE_BEE_INVALID', `${file}: expected a default export made by defineBee, received ${received}`)
}

function checkNames(loaded: readonly LoadedBee[]): void {
  for (const { file, bee, folder } of loaded) {
    const other = loaded.find((candidate) => candidate.bee.name === bee.name && candidate.file !== file)
    if (other !== undefined) {
      throw new BeeError('BEE_BEE_DUPLICATE', `${file} and ${other.file} both define the bee ${bee.name}`)
    }
    if (bee.name !== folder) {
      throw new BeeError('BEE_BEE_INVALID', `${file}: expected the name of its folder, ${folder}, received ${bee.name}`)
    }
  }
}
