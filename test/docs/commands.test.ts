import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Bee, loadBees } from '../../src/bee/index.ts'
import { cleanEnv } from '../support/hive.ts'
import { pages, root, textOf } from './pages.ts'

let bees: readonly Bee[]
beforeAll(async () => {
  bees = await loadBees(join(root, 'bees'), {})
})

const run = promisify(execFile)
const helps = new Map<string, Promise<string>>()
/** What `bees <words> --help` prints. */
function helpOf(words: string): Promise<string> {
  const args = ['bin/bees.js', ...words.split(' '), '--help']
  const help =
    helps.get(words) ?? run(process.execPath, args, { cwd: root, env: cleanEnv() }).then(({ stdout }) => stdout)
  helps.set(words, help)
  return help
}

/** Commands as they stand in blocks and in code: the words, and what follows up to the end of the code. */
const commands = (text: string) =>
  [...text.matchAll(/(?:npx |^|`)bees (?<name>[a-z]+)(?<rest>[^`\n]*)/gm)].map(({ groups }) => {
    const { name = '', rest = '' } = groups ?? {}
    const [command = ''] = rest.split(' # ')
    return { name, sub: /^ ([a-z]+)\b/.exec(command)?.[1], options: command.match(/(?<= )--[a-z-]+/g) ?? [] }
  })
const withSubcommands = ['security', 'dead']

/** What stands in a page for what the reader fills in, as something that has its form. */
const filledIn = (json: string) =>
  json
    .replaceAll(/\b(pln|inc|sil)_…/g, (_, kind: string) => `${kind}_${'0'.repeat(24)}`)
    .replaceAll('<id>', '6f0c2a1e-6f0c-4f0c-8f0c-6f0c2a1e6f0c')

it('finds commands to check', () => {
  const all = pages.flatMap((page) => commands(textOf(page)))
  expect(all.length).toBeGreaterThan(40)
  expect(all.filter(({ options }) => options.length > 0).length).toBeGreaterThan(8)
})

describe.each(pages)('%s', (page) => {
  const text = textOf(page)

  it('names subcommands and options that exist', { timeout: 30_000 }, async () => {
    const wrong = commands(text).map(async ({ name, sub, options }) => {
      const nested = withSubcommands.includes(name) && sub !== undefined
      const help = await helpOf(nested ? `${name} ${sub}` : name)
      // Of a subcommand that is not there, commander shows the help of the command above it.
      if (nested && !help.startsWith(`Usage: bees ${name} ${sub}`)) return [`${name} ${sub}`]
      return options.filter((option) => !new RegExp(`${option}\\b`).test(help)).map((option) => `${name} ${option}`)
    })
    expect((await Promise.all(wrong)).flat()).toEqual([])
  })

  it('hands in tasks that exist, with inputs that they take', () => {
    const submitted = text.matchAll(/bees submit (?:--[a-z-]+ )*(?<name>[a-z]+\/[a-z_]+) '(?<input>\{.*?\})'/gs)
    const wrong = [...submitted].flatMap(({ groups }) => {
      const { name = '', input = '' } = groups ?? {}
      const [of, task = ''] = name.split('/')
      if (of === 'greeter') return []
      const parsed = bees
        .find((bee) => bee.name === of)
        ?.tasks.get(task)
        ?.input.safeParse(JSON.parse(filledIn(input)))
      return parsed?.success === true ? [] : [`${name} ${input}: ${parsed?.error.message ?? 'no such task'}`]
    })
    expect(wrong).toEqual([])
  })
})
