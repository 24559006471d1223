/** The whole hive, measured: everything on, with stubs for broker and database. Started by rounds.ts. */
import pino from 'pino'
import { startHive } from '../../src/cli/hive.ts'
import { loadConfig } from '../../src/config.ts'
import { createLog, createMetrics, type Metrics } from '../../src/telemetry/index.ts'
import { serveRounds } from './rounds.ts'

const real = createMetrics({ version: 'bench' })
let left = 0
let finished: () => void = () => {}

const metrics: Metrics = {
  ...real,
  taskFinished(bee, task, outcome, runMs) {
    real.taskFinished(bee, task, outcome, runMs)
    if (outcome !== 'applied') throw new Error(`a task of the benchmark ended as ${outcome}`)
    left -= 1
    if (left === 0) finished()
  },
}

// A file takes the same system calls as a pipe and cannot fill up.
const destination = pino.destination({ dest: process.env['BENCH_LOG'] ?? '/dev/null', sync: true })
const hive = await startHive(loadConfig(process.env), { log: createLog({ level: 'info', destination }), metrics })

serveRounds((tasks) => {
  left = tasks
  const { promise, resolve } = Promise.withResolvers<void>()
  finished = resolve
  return promise
})
process.once('SIGTERM', () => void hive.force().finally(() => process.exit(0)))
process.once('disconnect', () => process.exit(0))
