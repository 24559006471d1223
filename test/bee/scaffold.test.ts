import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, describe, expect, inject, it } from 'vitest'
import { scaffoldBee } from '../../src/bee/index.ts'
import type {} from '../support/global-setup.ts'

const project = fileURLToPath(new URL('../..', import.meta.url))
const root = await mkdtemp(join(tmpdir(), 'bees-new-'))
afterAll(() => rm(root, { recursive: true }))
const now = new Date('2026-05-06T07:08:09.123Z')

let folders = 0
async function emptyProject(): Promise<string> {
  folders += 1
  const dir = join(root, String(folders))
  await mkdir(join(dir, 'supabase', 'migrations'), { recursive: true })
  return dir
}

describe('scaffoldBee', () => {
  it('writes three files and nothing else', async () => {
    const dir = await emptyProject()
    const files = await scaffoldBee('night-shift', dir, now)
    expect(files.map((file) => relative(dir, file))).toEqual([
      'bees/night-shift/bee.ts',
      'supabase/migrations/20260506070809_night_shift_bee.sql',
      'test/bees/night-shift/night-shift.test.ts',
    ])
    const entries = await readdir(dir, { recursive: true, withFileTypes: true })
    expect(entries.filter((entry) => entry.isFile())).toHaveLength(3)
    const module = await readFile(join(dir, 'bees/night-shift/bee.ts'), 'utf8')
    expect(module.split('\n').length).toBeLessThanOrEqual(41)
  })

  it('names its migration later than all that exist', async () => {
    const dir = await emptyProject()
    await writeFile(join(dir, 'supabase/migrations/20300101000059_later.sql'), '')
    const [, sql = ''] = await scaffoldBee('greeter', dir, now)
    expect(sql).toMatch(/20300101000060_greeter_bee\.sql$/)
  })

  it.each(['Greeter', 'night_shift', '', '../greeter', 'a/b', 'greeter.', 'pg-tools', 'a'.repeat(41), '1st'])(
    'refuses the name %j',
    async (name) => {
      const dir = await emptyProject()
      await expect(scaffoldBee(name, dir, now)).rejects.toMatchObject({ code: 'BEE_BEE_INVALID' })
      expect(await readdir(dir)).toEqual(['supabase'])
    },
  )

  it.each([['bees/greeter'], ['test/bees/greeter'], ['supabase/migrations/20250101000000_greeter_bee.sql']])(
    'touches nothing when %s is there already',
    async (path) => {
      const dir = await emptyProject()
      await mkdir(join(dir, path), { recursive: true })
      const before = await readdir(dir, { recursive: true })
      await expect(scaffoldBee('greeter', dir, now)).rejects.toMatchObject({
        code: 'BEE_BEE_DUPLICATE',
        message: expect.stringContaining(path),
      })
      expect(await readdir(dir, { recursive: true })).toEqual(before)
    },
  )

  it('writes a bee that is well formed and whose test passes at once, with no other edit', {
    timeout: 120_000,
  }, async () => {
    // A name of its own: whoever runs this may have a greeter already.
    const name = `newcomer${randomBytes(4).toString('hex')}`
    const dir = await emptyProject()
    for (const part of [
      'src',
      'test/support',
      'supabase/migrations',
      'package.json',
      'vitest.config.ts',
      'tsconfig.json',
    ]) {
      await cp(join(project, part), join(dir, part), { recursive: true })
    }
    await cp(join(project, 'biome.json'), join(dir, 'biome.json'))
    await symlink(join(project, 'node_modules'), join(dir, 'node_modules'))
    const files = await scaffoldBee(name, dir, new Date())
    const run = async (tool: string, ...args: readonly string[]) => {
      const bin = join(project, 'node_modules', tool)
      const env = { ...process.env, DATABASE_URL: inject('postgres').url }
      const done = promisify(execFile)(process.execPath, [bin, ...args], { cwd: dir, env })
      return done.then(
        ({ stdout, stderr }) => `${stdout}${stderr}`,
        (failed: { readonly stdout: string; readonly stderr: string }) => `failed: ${failed.stdout}${failed.stderr}`,
      )
    }
    const modules = files.filter((file) => file.endsWith('.ts'))
    const [tested, linted, typed] = await Promise.all([
      run('vitest/vitest.mjs', 'run', '--no-color', `test/bees/${name}`),
      run('@biomejs/biome/bin/biome', 'check', '--colors=off', '--vcs-enabled=false', ...modules),
      run('typescript/bin/tsc', '--noEmit', '--pretty', 'false'),
    ])
    expect(tested).toMatch(/Tests {2}3 passed \(3\)/)
    expect(linted).toMatch(/Checked 2 files .* No fixes applied/)
    expect(typed.split('\n').filter((line) => line.includes(name))).toEqual([])
  })
})
