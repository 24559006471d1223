/**
 * Measures the hive and prints one table; each row brings a baseline that was measured in the same run.
 *
 *   npm run bench                      everything, about five minutes
 *   npm run bench -- --quick           a smoke test of the benchmark itself, about a minute
 *   npm run bench -- --only cpu,boot   some rows; --help lists them
 */

import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { createContext } from './context.ts'
import type { Line } from './report/line.ts'
import { createNoise } from './report/noise.ts'
import { table } from './report/table.ts'
import { rows } from './rows/index.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const names = Object.keys(rows)
const wanted = values.only === undefined ? names : values.only.split(',')
const unknown = wanted.filter((name) => !names.includes(name))

if (values.help || unknown.length > 0) {
  if (unknown.length > 0) console.error(`There is no row ${unknown.join(', ')}.`)
  console.log(`Usage: npm run bench -- [--quick] [--only <row>[,<row>…]]\n\nRows: ${names.join(', ')}`)
  process.exit(unknown.length > 0 ? 2 : 0)
}

// An exit of our own takes the hives along that are running.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

const startedMs = performance.now()
const context = createContext(values.quick)
const noise = createNoise()
const lines: Line[] = []
const failed: string[] = []
try {
  for (const [name, row] of Object.entries(rows)) {
    if (!wanted.includes(name)) continue
    noise.sample()
    const rowStartedMs = performance.now()
    try {
      lines.push(...(await row(context)))
      console.error(`${name}: ${Math.round((performance.now() - rowStartedMs) / 1000)} s`)
    } catch (error) {
      failed.push(name)
      console.error(`${name}: failed`, error)
    }
  }
  noise.sample()
} finally {
  await context.close()
}

console.log(`\n${table(lines)}\n`)
console.log(noise.summary())
const processors = cpus()
console.log(
  `machine: ${processors.length} × ${processors[0]?.model.trim()}, Node ${process.versions.node}, ` +
    `${new Date().toISOString().slice(0, 10)}, ${Math.round((performance.now() - startedMs) / 1000)} s in all` +
    (values.quick ? ' (--quick: too short to be quoted)' : ''),
)
if (failed.length > 0) console.log(`NOT MEASURED: ${failed.join(', ')}`)
process.exit(failed.length > 0 ? 1 : 0)
