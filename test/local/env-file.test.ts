import { execFile } from 'node:child_process'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readEnvFile, writeEnvFile } from '../../src/local/env-file.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'colony-bees-env-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** What a shell that sources the file has in `BEES_URL`; the dot at the end keeps trailing line breaks. */
async function inShell(path: string): Promise<string> {
  const { stdout } = await promisify(execFile)('sh', ['-c', '. "$1"; printf "%s." "$BEES_URL"', 'sh', path], {
    env: { PATH: process.env['PATH'] },
  })
  return stdout.slice(0, -1)
}

const nasty = [
  "it's",
  "'",
  "''\\''",
  '$(touch x)',
  '`id`',
  '"a b"',
  '\\',
  'a\nexport B=c',
  "'\nexport B='c",
  '🐝 é',
  '',
  '#x',
  '!!',
]

describe('local.env', () => {
  it.each(nasty)('gives %j back to a shell and to us', async (value) => {
    const path = await writeEnvFile(folder, { BEES_URL: value, DATABASE_URL: 'x' })
    expect(await inShell(path)).toBe(value)
    expect(await readEnvFile(folder)).toEqual({ BEES_URL: value, DATABASE_URL: 'x' })
  })

  it('gives any text back to us', async () => {
    const text = fc.string({
      unit: fc.oneof(
        fc.constantFrom("'", '\\', '\n', '$', '=', ' '),
        fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
      ),
    })
    await fc.assert(
      fc.asyncProperty(text, text, async (first, second) => {
        await writeEnvFile(folder, { BEES_URL: first, DATABASE_URL: second })
        expect(await readEnvFile(folder)).toEqual({ BEES_URL: first, DATABASE_URL: second })
      }),
      { numRuns: 100 },
    )
  })

  it('is for its owner alone', async () => {
    const path = await writeEnvFile(folder, { BEES_URL: 'x' })
    expect((await stat(path)).mode & 0o777).toBe(0o600)
  })

  it('is empty where there is none', async () => {
    expect(await readEnvFile(join(folder, 'nowhere'))).toEqual({})
  })
})
