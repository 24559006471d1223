/**
 * The fleet alone, measured: broker and ledger are objects in memory, logs and metrics are on. What the two Ed25519
 * operations of a task cost is measured in the same process and taken off. Started by rounds.ts.
 */
import { randomBytes } from 'node:crypto'
import pino from 'pino'
import { createFleet } from '../../src/fleet/index.ts'
import { systemClock } from '../../src/resilience/index.ts'
import { createLog, createMetrics } from '../../src/telemetry/index.ts'
import { ReceiptChain, SigningKey, verifyEnvelope } from '../../src/trust/index.ts'
import worker from '../bees/worker/bee.ts'
import { createMemoryBroker } from './memory-broker.ts'
import { memoryLedger } from './memory-ledger.ts'
import { type Round, type RoundRequest, takeRound } from './rounds.ts'

const colony = 'dev'
const envelopeKey = new SigningKey(process.env['BEES_SUBMITTER_KEY'] ?? randomBytes(32))
const receiptKey = new SigningKey(process.env['BEES_RECEIPT_KEY'] ?? randomBytes(32))
const broker = createMemoryBroker(colony, envelopeKey)
const destination = pino.destination({ dest: process.env['BENCH_LOG'] ?? '/dev/null', sync: true })

const fleet = createFleet({
  bees: [worker],
  broker: broker.factory,
  colony,
  ledger: memoryLedger(),
  receiptKey,
  trustedKeys: [envelopeKey.trusted()],
  clock: systemClock,
  log: createLog({ level: 'info', destination }),
  metrics: createMetrics({ version: 'bench' }),
  env: {},
})
await fleet.start()

/** CPU of checking the envelopes and signing the receipts of so many tasks, and nothing else, ms. */
function cryptoMs(tasks: number): number {
  const chain = new ReceiptChain({ key: receiptKey, colony, executor: 'e', now: Date.now })
  const { kwargs, draft } = broker.sample()
  const { input, envelope } = kwargs
  const subject = { colony, bee: 'worker', task: 'write', input, trusted: [envelopeKey.trusted()] }
  const before = process.cpuUsage()
  for (let task = 0; task < tasks; task += 1) {
    verifyEnvelope(envelope, { ...subject, nowMs: Date.now() })
    chain.sign(draft)
  }
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

process.on('message', async ({ tasks }: RoundRequest) => {
  process.send?.('armed')
  // Made before, so that the submitter's share is not counted.
  broker.prepare(tasks)
  const round = await takeRound(tasks, () => broker.release())
  const cpuMs = Math.max(0, round.cpuMs - cryptoMs(tasks) / tasks)
  process.send?.({ ...round, cpuMs } satisfies Round)
})
process.send?.('ready')
process.once('SIGTERM', () => process.exit(0))
process.once('disconnect', () => process.exit(0))
