/**
 * The long run: histories for most of the time, then interleavings, the crash matrix and the mutants; one report.
 *
 *   npm run chaos -- --minutes 30              everything, about as long as that
 *   npm run chaos -- --histories 5000          so many histories, however long they take, and nothing else
 *   npm run chaos -- --only matrix,mutants     some parts
 *   npm run chaos -- --histories 1 --seed 7 --mode serial    one history again
 */

import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { ownPostgres } from '../support/own-postgres.ts'
import { type PartName, type PartResult, partNames, parts } from './parts.ts'
import { modes } from './properties/scene-of.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    histories: { type: 'string' },
    only: { type: 'string' },
    seed: { type: 'string' },
    mode: { type: 'string' },
    lanes: { type: 'string', default: '4' },
    help: { type: 'boolean', default: false },
  },
})

const modeNames = [...new Set(modes)]
const usage =
  'Usage: npm run chaos -- [--minutes N] [--histories N] [--only PART,…] [--seed N] [--mode MODE] [--lanes N]\n' +
  `Parts: ${partNames.join(', ')}; modes of a history: ${modeNames.join(', ')} (by seed when not given)`

function refuse(problem: string): never {
  console.error(`${problem}\n${usage}`)
  process.exit(2)
}

function wholeNumber(name: string, text: string): number {
  const number = Number(text)
  if (Number.isSafeInteger(number) && number >= 0) return number
  return refuse(`--${name}: expected a whole number, received ${text}`)
}

if (values.help) {
  console.log(usage)
  process.exit(0)
}
const mode = modeNames.find((name) => name === values.mode)
if (values.mode !== undefined && mode === undefined) refuse(`--mode: there is no ${values.mode}`)
const asked = values.only?.split(',') ?? (values.histories === undefined ? partNames : ['histories'])
const unknown = asked.filter((name) => !partNames.includes(name as PartName))
if (unknown.length > 0) refuse(`--only: there is no ${unknown.join(', ')}`)

const settings = {
  minutes: wholeNumber('minutes', values.minutes),
  histories: values.histories === undefined ? undefined : wholeNumber('histories', values.histories),
  seed: values.seed === undefined ? randomInt(2 ** 30) : wholeNumber('seed', values.seed),
  lanes: wholeNumber('lanes', values.lanes),
  mode,
}

const beganMs = performance.now()
const postgres = await ownPostgres()
// An exit of our own takes Postgres along.
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void postgres.stop().then(() => process.exit(130)))

const results: (PartResult & { readonly name: string })[] = []
for (const name of partNames) {
  if (!asked.includes(name)) continue
  console.error(`${name} …`)
  const part = await parts[name]({ ...settings, postgres }).catch((error: unknown) => ({
    failed: true,
    lines: [`${name}: could not be run: ${error instanceof Error ? (error.stack ?? error.message) : error}`],
  }))
  results.push({ name, ...part })
}
await postgres.stop()

const failed = results.filter((part) => part.failed).map(({ name }) => name)
console.log(`\nseed                  ${settings.seed}`)
for (const { lines } of results) console.log(lines.join('\n'))
console.log(`in all                ${Math.round((performance.now() - beganMs) / 1000)} s`)
console.log(failed.length === 0 ? 'nothing was lost, doubled or wrong' : `FAILED: ${failed.join(', ')}`)
process.exit(failed.length === 0 ? 0 : 1)
