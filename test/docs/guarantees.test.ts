import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const page = readFileSync(join(root, 'docs/guarantees.md'), 'utf8')
/** A section, without its heading. */
const section = (heading: string) => new RegExp(`\n## ${heading}\n(.*?)\n## `, 's').exec(page)?.[1] ?? ''
const promises = [
  ...section('Exactly, and where it is shown').matchAll(
    /^\| (?<promise>[^|]+) \| (?<how>[^|]+) \| (?<shown>[^|]+) \|$/gm,
  ),
]
  .map(({ groups }) => ({ promise: groups?.['promise'] ?? '', shown: groups?.['shown'] ?? '' }))
  .filter(({ promise }) => promise !== 'promise' && !promise.startsWith('---'))
const testsIn = (text: string) => [...text.matchAll(/`(test\/[^`]+)`/g)].map(([, path = '']) => path)

describe('docs/guarantees.md', () => {
  it('has promises', () => expect(promises.length).toBeGreaterThan(8))

  it.each(promises)('$promise: names a test that is there', ({ shown }) => {
    const named = testsIn(shown)
    expect(named).not.toEqual([])
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([])
    expect(named.filter((path) => !path.endsWith('.test.ts'))).toEqual([])
  })

  it('brings figures, and says where they come from', () => {
    const figures = section('The figures')
    for (const word of ['histories', 'steps backwards', 'lost', 'twice', 'mutants', 'SIGKILL', 'npm run chaos'])
      expect(figures).toContain(word)
    expect(figures.match(/\d/g)?.length ?? 0).toBeGreaterThan(20)
  })
})
