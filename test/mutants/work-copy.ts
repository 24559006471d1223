import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Mutant } from './mutant.ts'

const root = resolve(import.meta.dirname, '../..')
const parts = [
  'src',
  'bees',
  'supabase',
  'test',
  'scripts',
  'bin',
  'docs',
  'package.json',
  'tsconfig.json',
  'vitest.config.ts',
]

/** A copy of the project in which one thing at a time may be broken. */
export interface WorkCopy {
  readonly folder: string
  /** Breaks it, runs `work`, mends it. */
  readonly broken: <Result>(mutant: Mutant, work: () => Promise<Result>) => Promise<Result>
  readonly remove: () => Promise<void>
}

export async function workCopy(): Promise<WorkCopy> {
  const folder = await mkdtemp(join(tmpdir(), 'colony-bees-mutant-'))
  await Promise.all(parts.map((part) => cp(join(root, part), join(folder, part), { recursive: true })))
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  return {
    folder,
    async broken({ name, edits }, work) {
      const before = new Map<string, string>()
      try {
        for (const { file, find, replace } of edits) {
          const path = join(folder, file)
          const text = await readFile(path, 'utf8')
          if (!before.has(path)) before.set(path, text)
          const times = text.split(find).length - 1
          if (times !== 1) {
            throw new Error(`mutant ${name}: expected its text once in ${file}, found ${times} times; adapt the mutant`)
          }
          await writeFile(
            path,
            text.replace(find, () => replace),
          )
        }
        return await work()
      } finally {
        for (const [path, text] of before) await writeFile(path, text)
      }
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}
