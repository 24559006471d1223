import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { catalogue } from '../../src/errors.ts'

const root = resolve(import.meta.dirname, '../..')
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`),
]
const textOf = (page: string) => readFileSync(join(root, page), 'utf8')

const longestPage = 200
/** What `npm start` or `bees new` makes on the reader's machine, and the reader's own files. */
const notHere = /^(\.bees|bees\/(<name>|greeter)|test\/bees\/greeter|supabase\/migrations\/<|netlify\/)/

const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')

const help = execFileSync(process.execPath, ['bin/bees.js', '--help'], { cwd: root, encoding: 'utf8' })
const commands = [
  ...(/^Commands:\n(?<list>(?: .*\n)+)/m.exec(help)?.groups?.['list'] ?? '').matchAll(/^ {2}([a-z]+)\b.*$/gm),
].map(([, name]) => name)
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> }

it('finds the pages and the commands', () => {
  expect(pages.length).toBeGreaterThan(8)
  expect(commands).toEqual(expect.arrayContaining(['start', 'list', 'submit', 'verify', 'new', 'demo', 'doctor']))
})

describe.each(pages)('%s', (page) => {
  const text = textOf(page)

  it('is short enough to be read', () => {
    // What is written from data is as long as the data; it is searched, not read.
    if (text.includes('Written by `npm run docs`')) return
    expect(text.split('\n').length).toBeLessThanOrEqual(longestPage)
  })

  it('links to what is there', () => {
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
    const broken = links.filter((target) => {
      if (/^[a-z]+:/.test(target)) return false
      const [path = '', anchor] = target.split('#')
      const file = path === '' ? join(root, page) : resolve(root, dirname(page), path)
      if (!existsSync(file)) return true
      if (anchor === undefined) return false
      const headings = [...readFileSync(file, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
        anchorOf(heading),
      )
      return !headings.includes(anchor)
    })
    expect(broken).toEqual([])
  })

  it('names files and folders that are there', () => {
    const quoted = [...text.matchAll(/`([\w.@<>-]+(?:\/[\w.@<>*-]+)+\/?)`/g)].map(([, path = '']) => path)
    const ours = quoted.filter((path) =>
      /^(bees|bench|bin|docs|scripts|src|supabase|test|k8s|\.ci|\.github)\//.test(path),
    )
    expect(ours.filter((path) => !notHere.test(path) && !existsSync(join(root, path)))).toEqual([])
  })

  it('names commands and npm scripts that exist', () => {
    // Only where something is run: after npx, at the start of a line of a block, or as code that begins with it.
    const named = text.matchAll(/(?:npx |^|`(?:[A-Z_]+=\S+ )?)bees (?!--)([a-z-]+)/gm)
    expect([...named].map(([, name]) => name).filter((name) => !commands.includes(name))).toEqual([])
    const run = [...text.matchAll(/npm run ([a-z:-]+)/g)].map(([, name = '']) => name)
    expect(run.filter((name) => scripts[name] === undefined)).toEqual([])
  })

  it('names error codes that exist', () => {
    const codes = [...text.matchAll(/`(BEE_[A-Z_]+)`/g)].map(([, code = '']) => code)
    expect(codes.filter((code) => !Object.hasOwn(catalogue, code))).toEqual([])
  })
})

describe('README.md', () => {
  it('lists every command', () => {
    const listed = [...textOf('README.md').matchAll(/^\| `bees ([a-z]+)` \|/gm)].map(([, name]) => name)
    expect(listed.toSorted()).toEqual(commands.filter((name) => name !== 'help').toSorted())
  })
})

describe('docs/adding-a-bee.md', () => {
  it('shows the very module that bees new writes', () => {
    const template = readFileSync(join(root, 'src/bee/scaffold/bee.ts.txt'), 'utf8')
    const written = template.replaceAll('{{bee}}', 'greeter').replaceAll('{{sql}}', 'greeter')
    expect(textOf('docs/adding-a-bee.md')).toContain(`\`\`\`ts\n${written}\`\`\`\n`)
  })
})
