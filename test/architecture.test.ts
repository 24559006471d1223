import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '..')

/** Who may import whom: a folder of src to the folders (and single files) it may reach besides itself. */
const ground = ['errors', 'config', 'canonical', 'error-codes']
const tools = ['resilience', 'telemetry', ...ground]
const parts = ['bee', 'ledger', 'trust', 'colonies']
const arrows: Readonly<Record<string, readonly string[]>> = {
  'error-codes': [],
  errors: ['error-codes'],
  config: ['errors'],
  canonical: [],
  resilience: ['telemetry', ...ground],
  telemetry: ground,
  bee: tools,
  ledger: tools,
  trust: tools,
  colonies: tools,
  fleet: [...parts, ...tools],
  http: [...parts, ...tools],
  local: [...parts, ...tools],
  cli: ['http', 'fleet', 'local', ...parts, ...tools],
}

function filesBelow(folder: string, keep: (name: string) => boolean): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : filesBelow(path, keep)
    return keep(entry.name) ? [path] : []
  })
}

function importsOf(path: string): string[] {
  const text = readFileSync(path, 'utf8')
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)]
    .map((match) => resolve(dirname(path), match[1] ?? ''))
    .filter((target) => target !== join(root, 'package.json'))
}

/** `src/fleet/poller.ts` is part of `fleet`, `src/errors.ts` of `errors`. */
function partOf(path: string): string {
  return relative(join(root, 'src'), path).split('/')[0]?.replace(/\.ts$/, '') ?? ''
}

const sources = filesBelow(join(root, 'src'), (name) => name.endsWith('.ts'))

describe('the arrows point down', () => {
  it('finds the sources', () => expect(sources.length).toBeGreaterThan(50))

  it.each(sources.map((path) => relative(root, path)))('%s', (name) => {
    const path = join(root, name)
    const from = partOf(path)
    const allowed = arrows[from]
    if (allowed === undefined) throw new Error(`src/${from} is not in the layout`)
    for (const target of importsOf(path)) {
      expect(target.startsWith(join(root, 'src')), `${name} imports ${relative(root, target)}, outside src`).toBe(true)
      const to = partOf(target)
      if (to !== from) expect(allowed, `${name} imports ${relative(root, target)}`).toContain(to)
    }
  })

  it('bees see src/bee alone', () => {
    for (const path of filesBelow(join(root, 'bees'), (name) => name.endsWith('.ts'))) {
      const own = relative(join(root, 'bees'), path).split('/')[0] ?? ''
      for (const target of importsOf(path)) {
        const seen = target === join(root, 'src/bee/index.ts') || target.startsWith(join(root, 'bees', own))
        expect(seen, `${relative(root, path)} imports ${relative(root, target)}`).toBe(true)
      }
    }
  })

  it('reaches into another folder only through its index', () => {
    for (const path of sources) {
      for (const target of importsOf(path)) {
        const [from, to] = [partOf(path), partOf(target)]
        if (from === to || !statSync(join(root, 'src', to), { throwIfNoEntry: false })?.isDirectory()) continue
        if (to === 'error-codes' || to === 'local') continue
        expect(relative(join(root, 'src', to), target), `${relative(root, path)} imports ${to}`).toMatch(
          /^(index|[a-z-]+\/index)\.ts$/,
        )
      }
    }
  })
})

describe('the style', () => {
  const all = ['src', 'bees', 'test', 'bench', 'supabase/migrations'].flatMap((folder) =>
    statSync(join(root, folder), { throwIfNoEntry: false }) === undefined
      ? []
      : filesBelow(join(root, folder), (name) => /\.(ts|sql)$/.test(name)),
  )

  it('keeps every file at or below 300 lines', () => {
    const long = all
      .map((path) => ({ path: relative(root, path), lines: readFileSync(path, 'utf8').split('\n').length - 1 }))
      .filter(({ lines }) => lines > 300)
    expect(long).toEqual([])
  })
})
