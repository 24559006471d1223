import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { loadBees } from '../../src/bee/index.ts'

const contract = fileURLToPath(new URL('../../src/bee/index.ts', import.meta.url))
const root = await mkdtemp(join(tmpdir(), 'bees-'))
afterAll(() => rm(root, { recursive: true }))

const source = (name: string) => `import { defineBee, defineTask, z } from '${contract}'
const hello = defineTask({ description: 'Greets', input: z.object({}), output: z.null(), run: async () => null })
export default defineBee({ name: '${name}', description: 'A bee', tasks: { hello } })
`

let folders = 0
async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  folders += 1
  const dir = join(root, String(folders))
  await mkdir(dir)
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(dir, path, '..'), { recursive: true })
    await writeFile(join(dir, path), text)
  }
  return dir
}

const good = { 'zoe/bee.ts': source('zoe'), 'adam/bee.ts': source('adam'), 'notes/readme.md': '', 'readme.md': '' }

describe('loadBees', () => {
  it('finds bees by their folders, sorted', async () => {
    const bees = await loadBees(await folderWith(good))
    expect(bees.map(({ name }) => name)).toEqual(['adam', 'zoe'])
    expect(bees[0]?.tasks.get('hello')?.schemaHash).toMatch(/^[0-9a-f]{64}$/)
  })

  it('loads only those that are wanted, so that a broken one does no harm', async () => {
    const dir = await folderWith({ ...good, 'broken/bee.ts': 'throw new Error("never imported")' })
    expect((await loadBees(dir, { only: ['zoe'] })).map(({ name }) => name)).toEqual(['zoe'])
    await expect(loadBees(dir, { only: ['zoe', 'eve'] })).rejects.toMatchObject({
      code: 'BEE_BEE_INVALID',
      message: `no bee eve in ${dir}; found are: adam, broken, zoe`,
    })
  })

  it('is content with an empty folder, not with a missing one', async () => {
    expect(await loadBees(await folderWith({}))).toEqual([])
    await expect(loadBees(join(root, 'nowhere'))).rejects.toMatchObject({
      code: 'BEE_BEE_INVALID',
      message: expect.stringContaining('ENOENT'),
    })
  })

  it.each([
    ['throws', 'throw new Error("no database")', 'no database'],
    ['does not parse', 'export default {', 'bee.ts'],
    ['imports what is not there', 'import "./missing.ts"', 'missing'],
    ['throws something odd', 'throw "odd"', 'odd'],
    ['exports nothing', 'export {}', 'expected a default export made by defineBee, received none'],
    ['exports an options object', 'export default { name: "eve" }', 'received one of type object'],
    ['has a bad definition', source('eve').replace('A bee', ''), 'defineBee: description: expected text'],
    ['has the name of another folder', source('adam'), 'expected the name of its folder, eve, received adam'],
  ])('names the file of a bee that %s', async (_, text, message) => {
    const dir = await folderWith({ 'eve/bee.ts': text })
    await expect(loadBees(dir)).rejects.toMatchObject({
      code: 'BEE_BEE_INVALID',
      message: expect.stringContaining('eve/bee.ts'),
    })
    await expect(loadBees(dir)).rejects.toThrow(message)
  })

  it('refuses two bees of one name', async () => {
    const dir = await folderWith({ 'one/bee.ts': source('one'), 'two/bee.ts': source('one') })
    await expect(loadBees(dir)).rejects.toMatchObject({
      code: 'BEE_BEE_DUPLICATE',
      message: expect.stringMatching(/one\/bee\.ts and .*two\/bee\.ts both define the bee one/),
    })
  })
})
