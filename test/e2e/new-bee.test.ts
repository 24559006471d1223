import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { chmod, cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { cleanEnv, freshDataDir, projectDir, removeDataDir, runBees, startHiveProcess } from '../support/hive.ts'

const run = promisify(execFile)
// A name of its own: whoever runs this may have a greeter already.
const name = `newcomer${randomBytes(4).toString('hex')}`
let project: string
let before: ReadonlyMap<string, string>

/** A clone as git would make it, uncommitted files included, with the installed packages. */
beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'colony-bees-clone-'))
  await chmod(project, 0o755)
  const { stdout } = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: projectDir,
    maxBuffer: 16 * 1024 * 1024,
  })
  const paths = stdout.split('\0').filter((path) => path !== '' && !path.startsWith('test/contract/'))
  for (const folder of new Set(paths.map(dirname))) await mkdir(join(project, folder), { recursive: true })
  // A file may be listed and gone.
  await Promise.all(paths.map((path) => cp(join(projectDir, path), join(project, path)).catch(() => undefined)))
  await symlink(join(projectDir, 'node_modules'), join(project, 'node_modules'))
  before = await digests(paths)
})
afterAll(() => rm(project, { recursive: true, force: true }))

async function digests(paths: Iterable<string>): Promise<ReadonlyMap<string, string>> {
  const digest = async (path: string) => {
    const bytes = await readFile(join(project, path)).catch(() => '')
    return [path, createHash('sha256').update(bytes).digest('hex')] as const
  }
  return new Map(await Promise.all([...paths].map(digest)))
}

const tool = (name: string, args: readonly string[]) =>
  run(process.execPath, [join(project, 'node_modules', name), ...args], { cwd: project, env: cleanEnv() }).then(
    ({ stdout, stderr }) => ({ code: 0, text: stdout + stderr }),
    (error: { code: number; stdout: string; stderr: string }) => ({
      code: error.code,
      text: error.stdout + error.stderr,
    }),
  )

let files: readonly string[]

it('bees new writes a bee, its SQL and its test, and edits nothing', async () => {
  const { code, out } = await runBees(['new', name], { project })
  expect(code).toBe(0)
  files = [...out.matchAll(/^written (\S+)$/gm)].map(([, path]) => path ?? '')
  expect(files).toEqual([
    `bees/${name}/bee.ts`,
    expect.stringMatching(new RegExp(`^supabase/migrations/\\d{14}_${name}_bee\\.sql$`)),
    `test/bees/${name}/${name}.test.ts`,
  ])
  expect(await digests(before.keys())).toEqual(before)
})

it('a second bee of that name is refused', async () => {
  const { code, err } = await runBees(['new', name], { project })
  expect(code).toBe(1)
  expect(err).toContain('BEE_BEE_DUPLICATE')
})

it('its types hold and its style is ours', async () => {
  const types = await tool('typescript/bin/tsc', ['--noEmit'])
  expect(types.text.split('\n').filter((line) => line.includes(name))).toEqual([])
  const style = await tool('@biomejs/biome/bin/biome', ['ci', '--colors=off', `bees/${name}`, `test/bees/${name}`])
  expect(style).toMatchObject({ code: 0 })
})

it('its test passes', { timeout: 60_000 }, async () => {
  const { code, text } = await tool('vitest/vitest.mjs', ['run', `test/bees/${name}`])
  expect(text).toMatch(/Tests .*3 passed/)
  expect(code).toBe(0)
})

it('a hive has it at once: bees submit gives a verified result', { timeout: 60_000 }, async () => {
  const dataDir = await freshDataDir()
  try {
    await using hive = await startHiveProcess({ project, dataDir })
    expect(hive.logs()).toContain(name)
    const person = await runBees(['submit', `${name}/hello`, '{"name":"Ada"}'], { project, dataDir })
    expect(person).toMatchObject({ code: 0, out: expect.stringContaining('receipt verified') })
    expect(person.out).toContain('Hello, Ada!')
    const machine = await runBees(['submit', `${name}/hello`, '{"name":"Zoë \\u2028 🐝"}', '--json'], {
      project,
      dataDir,
    })
    expect(JSON.parse(machine.out)).toMatchObject({
      state: 'success',
      verified: true,
      findings: [],
      result: { greeting: 'Hello, Zoë \u2028 🐝!' },
    })
    const wrong = await runBees(['submit', `${name}/hello`, '{"name":""}'], { project, dataDir })
    expect(wrong.code).toBe(1)
    expect(wrong.out).toContain('BEE_INPUT_INVALID')
    expect(await digests(before.keys())).toEqual(before)
  } finally {
    await removeDataDir(dataDir)
  }
})
