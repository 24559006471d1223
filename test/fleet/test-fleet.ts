import { randomBytes } from 'node:crypto'
import pg from 'pg'
import type { Bee } from '../../src/bee/index.ts'
import type { Json } from '../../src/canonical.ts'
import { ColoniesClient, createHttpTransport, generatePrivateKey, identityOf } from '../../src/colonies/index.ts'
import {
  coloniesBroker,
  createFleet,
  createSubmitter,
  type FinalProcess,
  type Fleet,
  type FleetOptions,
  type Submission,
  type Submitter,
} from '../../src/fleet/index.ts'
import { createLedger, type Ledger } from '../../src/ledger/index.ts'
import { type ColoniesServer, startColoniesServer } from '../../src/local/colonies/index.ts'
import { systemClock } from '../../src/resilience/index.ts'
import { createLog, createMetrics, type Log, type Metrics } from '../../src/telemetry/index.ts'
import { generateSeed, SigningKey } from '../../src/trust/index.ts'
import { createDatabase, freePort, startTestGateway, type TestDatabase, type TestGateway } from '../support/index.ts'
import { fixture, poison, worker } from './bees.ts'

export const colony = 'dev'

/** A broker, a database and its gateway: all real, all over HTTP. */
export interface Surroundings {
  readonly database: TestDatabase
  readonly gateway: TestGateway
  readonly admin: pg.Pool
  readonly broker: () => ColoniesServer
  readonly restartBroker: () => Promise<void>
  readonly stopBroker: () => Promise<void>
  readonly brokerUrl: string
  readonly colonyKey: Uint8Array
  readonly memberKey: Uint8Array
  readonly receiptKey: SigningKey
  readonly envelopeKey: SigningKey
  /** Signs with the member's key. */
  readonly client: ColoniesClient
  readonly owner: ColoniesClient
  readonly submitter: Submitter
  readonly effects: (task?: string) => Promise<Json[]>
  readonly ledgerRows: (processId: string) => Promise<number>
  readonly close: () => Promise<void>
}

export async function surroundings(): Promise<Surroundings> {
  const database = await createDatabase()
  const admin = new pg.Pool({ connectionString: database.url, max: 5 })
  admin.on('error', () => undefined)
  await admin.query(fixture)
  const gateway = await startTestGateway(database.url)
  const serverKey = generatePrivateKey()
  const colonyKey = generatePrivateKey()
  const memberKey = generatePrivateKey()
  const port = await freePort()
  const startBroker = () => startColoniesServer({ databaseUrl: database.url, serverId: identityOf(serverKey), port })
  let broker = await startBroker()
  const transport = createHttpTransport({ url: `${broker.url}/api` })
  const clientOf = (privateKey: Uint8Array): ColoniesClient => new ColoniesClient({ transport, privateKey })
  const owner = clientOf(colonyKey)
  const client = clientOf(memberKey)
  await clientOf(serverKey).addColony({ name: colony, colonyid: identityOf(colonyKey) })
  const member = { colonyname: colony, userid: identityOf(memberKey), name: 'member', email: '', phone: '' }
  await owner.addUser(member)
  const receiptKey = new SigningKey(generateSeed())
  const envelopeKey = new SigningKey(generateSeed())
  const submitter = createSubmitter({ client, colony, envelopeKey, bees: [worker, poison], clock: systemClock })
  return {
    database,
    gateway,
    admin,
    broker: () => broker,
    async restartBroker() {
      await broker.close()
      broker = await startBroker()
    },
    stopBroker: () => broker.close(),
    brokerUrl: broker.url,
    colonyKey,
    memberKey,
    receiptKey,
    envelopeKey,
    client,
    owner,
    submitter,
    async effects(task) {
      const { rows } = await admin.query(
        'select payload from fixture.effects where $1::text is null or task = $1 order by id',
        [task ?? null],
      )
      return rows.map((row: { payload: Json }) => row.payload)
    },
    async ledgerRows(processId) {
      const { rows } = await admin.query('select count(*)::int as n from bees.ledger where process = $1', [processId])
      return (rows[0] as { n: number }).n
    },
    async close() {
      transport.close()
      await broker.close()
      await gateway.close()
      await admin.end()
      await database.drop()
    },
  }
}

export interface TestFleet {
  readonly fleet: Fleet
  readonly ledger: Ledger
  readonly metrics: Metrics
  /** Every line that was logged, as text. */
  readonly lines: string[]
  readonly stop: () => Promise<void>
}

export interface TestFleetOptions extends Partial<Omit<FleetOptions, 'broker' | 'ledger'>> {
  readonly withColonyKey?: boolean | undefined
  readonly ledger?: Ledger | undefined
}

/** Quick numbers for tests; the poll ends soon, so that a drain does too. */
export const quick = {
  poller: { pollTimeoutS: 1, startJitterMs: 1, backoffBaseMs: 20, backoffCapMs: 200, breakerLookMs: 20 },
  watcher: { busyMs: 200, idleMs: 500, confirmMs: 100, callMs: 2_000 },
  registerBaseMs: 20,
  registerCapMs: 200,
  abortGraceMs: 100,
} as const

export function testLedger(around: Surroundings): Ledger {
  return createLedger({
    url: around.gateway.url,
    key: around.gateway.keys.service_role,
    retry: { tries: 3, baseMs: 20, factor: 2, capMs: 200 },
    breaker: { failures: 3, openMs: 200, openCapMs: 400 },
  })
}

export function testFleet(around: Surroundings, bees: readonly Bee[], options: TestFleetOptions = {}): TestFleet {
  const lines: string[] = []
  const log: Log = createLog({ level: 'debug', destination: { write: (line: string) => void lines.push(line) } })
  const metrics = createMetrics({ version: 'test' })
  const { withColonyKey = true, ledger = testLedger(around), tuning, ...rest } = options
  const transport = createHttpTransport({ url: `${around.brokerUrl}/api` })
  const broker = coloniesBroker({
    colony,
    clientFor: (privateKey) => new ColoniesClient({ transport, privateKey }),
    colonyKey: withColonyKey ? around.colonyKey : undefined,
    clock: systemClock,
    random: Math.random,
  })
  const fleet = createFleet({
    bees,
    broker,
    colony,
    ledger,
    receiptKey: around.receiptKey,
    trustedKeys: [around.envelopeKey.trusted()],
    clock: systemClock,
    log,
    metrics,
    env: {},
    ...rest,
    tuning: { ...quick, ...tuning },
  })
  const stop = async (): Promise<void> => {
    await fleet.stop({ graceMs: 3_000 })
    transport.close()
  }
  return { fleet, ledger, metrics, lines, stop }
}

/** Submits and waits for the end. */
export async function submitAndWait(
  around: Surroundings,
  submission: Submission,
  timeoutMs = 15_000,
): Promise<FinalProcess> {
  const { processId } = await around.submitter.submit(submission)
  return around.submitter.waitFor(processId, { timeoutMs })
}

/** Submits without our submitter: as a stranger would who can write to the colony. */
export function submitRaw(
  around: Surroundings,
  kwargs: Readonly<Record<string, Json>>,
  funcname = 'append',
  over: { readonly maxexectime?: number; readonly maxretries?: number } = {},
) {
  return around.client.submitFunctionSpec({
    funcname,
    kwargs,
    maxexectime: 20,
    maxretries: 3,
    ...over,
    conditions: { colonyname: colony, executortype: 'worker-bee' },
    label: randomBytes(8).toString('hex'),
  })
}
