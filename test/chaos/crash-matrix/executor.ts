/** One hive as an OS process of its own, which stops where it is told to: what the crash tests kill. */

import { ColoniesClient, createHttpTransport, parsePrivateKey } from '../../../src/colonies/index.ts'
import { coloniesBroker, createFleet, type Fleet, type TaskRecord } from '../../../src/fleet/index.ts'
import { createLedger } from '../../../src/ledger/index.ts'
import { systemClock } from '../../../src/resilience/index.ts'
import { createLog, noMetrics } from '../../../src/telemetry/index.ts'
import { SigningKey } from '../../../src/trust/index.ts'
import { crashBee } from './crash-bee.ts'
import type { ExecutorSettings, FromExecutor, Passed, ToExecutor } from './messages.ts'

const tell = (message: FromExecutor) => {
  if (process.connected) process.send?.(message, () => undefined)
}
const armed = new Map<string, Passed>()
const stopped = new Map<string, () => void>()
let fleet: Fleet | undefined

const noteOf = ({ assignment }: TaskRecord): string =>
  String((assignment.kwargs['input'] as { readonly note?: unknown } | undefined)?.note)

async function stopHere(passed: Passed, record: TaskRecord): Promise<void> {
  const note = noteOf(record)
  if (armed.get(note) !== passed) return
  armed.delete(note)
  const { promise, resolve } = Promise.withResolvers<void>()
  stopped.set(note, resolve)
  tell({ kind: 'at', note, passed })
  await promise
}

/** One line of the log is written for each process that leaves the pipeline; it is the last thing that happens to it. */
const onLine = (line: string) => {
  const { msg, state, process: id, outcome, code } = JSON.parse(line) as Record<string, string | undefined>
  if (msg === 'the bee changed its state') tell({ kind: 'state', state: String(state) })
  if (msg?.startsWith('task ')) tell({ kind: 'ended', process: String(id), how: String(code ?? outcome) })
  if (process.env['CRASH_LOG'] !== undefined) process.stderr.write(line)
}

function create(settings: ExecutorSettings): Fleet {
  const transport = createHttpTransport({ url: `${settings.brokerUrl}/api` })
  return createFleet({
    bees: [crashBee],
    broker: coloniesBroker({
      colony: settings.colony,
      clientFor: (privateKey) => new ColoniesClient({ transport, privateKey }),
      colonyKey: settings.colonyKey === undefined ? undefined : parsePrivateKey(settings.colonyKey),
      clock: systemClock,
      random: Math.random,
    }),
    colony: settings.colony,
    ledger: createLedger({
      url: settings.gatewayUrl,
      key: settings.gatewayKey,
      concurrency: 24,
      tryTimeoutMs: settings.tryTimeoutMs ?? 600,
      minTryMs: 50,
      retry: { tries: 4, baseMs: 20, factor: 2, capMs: 200 },
      breaker: { failures: settings.breakerFailures ?? 1_000_000, openMs: 200, openCapMs: 400 },
    }),
    receiptKey: new SigningKey(settings.receiptSeed),
    trustedKeys: [new SigningKey(settings.envelopeSeed).trusted()],
    clock: systemClock,
    log: createLog({ level: 'debug', destination: { write: onLine } }),
    metrics: noMetrics,
    env: { READ_URL: settings.readUrl },
    ...(settings.executorKey === undefined ? {} : { executorKey: Buffer.from(settings.executorKey, 'hex') }),
    onStep: (step, record) => stopHere(step === 'transact' ? `transact ${record.transactions.length}` : step, record),
    tuning: {
      poller: {
        pollTimeoutS: settings.pollTimeoutS,
        startJitterMs: 1,
        backoffBaseMs: 20,
        backoffCapMs: 200,
        breakerLookMs: 20,
      },
      watcher: { busyMs: 200, idleMs: 500, confirmMs: 100, callMs: 2_000 },
      registerBaseMs: 20,
      registerCapMs: 200,
      abortGraceMs: 100,
    },
  })
}

async function obey(message: ToExecutor): Promise<void> {
  switch (message.kind) {
    case 'settings':
      fleet = create(message.settings)
      return tell({ kind: 'loaded' })
    case 'start': {
      await fleet?.start()
      const [bee] = fleet?.status().bees ?? []
      return tell({ kind: 'started', executor: bee?.executor ?? '', executorName: bee?.executorName ?? '' })
    }
    case 'arm':
      armed.set(message.note, message.passed)
      return tell({ kind: 'armed', note: message.note })
    case 'go':
      stopped.get(message.note)?.()
      stopped.delete(message.note)
      return
    case 'drain': {
      const draining = fleet?.stop({ graceMs: message.graceMs })
      tell({ kind: 'draining' })
      const drain = await draining
      return tell({ kind: 'drained', left: drain?.left ?? 0, givenBack: drain?.givenBack ?? 0 })
    }
  }
}

process.on('message', (message: ToExecutor) => void obey(message))
// The test is gone, however it ended.
process.on('disconnect', () => process.exit(1))
