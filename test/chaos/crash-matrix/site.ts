import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { ColoniesClient, createHttpTransport, generatePrivateKey, identityOf } from '../../../src/colonies/index.ts'
import { createSubmitter, type Submitter } from '../../../src/fleet/index.ts'
import { type ColoniesServer, startColoniesServer } from '../../../src/local/colonies/index.ts'
import { createGateway, type Gateway, type GatewayOptions } from '../../../src/local/gateway/index.ts'
import { systemClock } from '../../../src/resilience/index.ts'
import { generateSeed, SigningKey, type TrustedKey } from '../../../src/trust/index.ts'
import { checkInvariants } from '../../support/invariants.ts'
import { testKeys } from '../../support/start-test-gateway.ts'
import { until } from '../../support/until.ts'
import { crashBee, crashSql, effectsSql, transactionsOf } from './crash-bee.ts'
import { type ExecutorProcess, loadExecutor } from './executor-process.ts'
import type { ExecutorSettings } from './messages.ts'
import { createProxy, type WireProxy } from './proxy.ts'

/** How long one poll stays open, seconds. */
export const pollTimeoutS = 1
export type Kind = 'single' | 'keyed' | 'steps'

export interface TaskInput {
  readonly note: string
  readonly lock?: number
  readonly lock_step?: number
  readonly lock_at?: 'statement' | 'commit'
}

/** A process as the broker has it in its table. Times in microseconds since 1970. */
export interface ProcessFacts {
  readonly processid: string
  readonly state: number
  readonly endtime: number
  readonly starttime: number
  readonly retries: number
  readonly assignedexecutorid: string
  readonly out: string
}

/** One colony: a queue of its own, so that crashes of one do not disturb another. */
export interface CrashColony {
  readonly name: string
  readonly proxy: WireProxy
  readonly owner: ColoniesClient
  readonly client: ColoniesClient
  readonly submit: (kind: Kind, input: TaskInput, deadlineMs?: number) => Promise<string>
  /** The same by a submitter whose way to the broker is the proxy. */
  readonly submitThroughProxy: (kind: Kind, input: TaskInput) => Promise<string>
  /** @param over settings that differ; `proxy`: the way to broker and gateway. @default the colony's */
  readonly load: (over?: Partial<ExecutorSettings> & { readonly proxy?: WireProxy }) => Promise<ExecutorProcess>
  readonly facts: (processIds: readonly string[]) => Promise<ReadonlyMap<string, ProcessFacts>>
  /** Every process with that note, whoever handed it in. */
  readonly named: (note: string) => Promise<readonly string[]>
  /** Waits until none of them is waiting or running. */
  readonly ended: (processIds: readonly string[], timeoutMs?: number) => Promise<ReadonlyMap<string, ProcessFacts>>
  /** Violations in this colony. */
  readonly check: () => Promise<readonly string[]>
}

/** Colonies around a broker and a gateway, whoever runs them. */
export interface CrashColonies {
  readonly databaseUrl: string
  readonly admin: pg.Pool
  readonly keys: readonly TrustedKey[]
  readonly colony: (name: string) => Promise<CrashColony>
  readonly close: () => Promise<void>
}

/** Broker, gateway and database for crash tests, all over HTTP; broker and gateway in this process. */
export interface CrashSite extends CrashColonies {
  readonly broker: ColoniesServer
  readonly gateway: Gateway
}

/** @param databaseUrl a migrated database without the fixture */
export async function openCrashSite(
  databaseUrl: string,
  options: { readonly gateway?: Partial<GatewayOptions> } = {},
): Promise<CrashSite> {
  const folder = await mkdtemp(join(tmpdir(), 'colony-bees-crash-'))
  const storageDir = join(folder, 'storage')
  const gateway = await createGateway({ storageDir, databaseUrl, keys: testKeys, poolSize: 40, ...options.gateway })
  const serverKey = generatePrivateKey()
  const settings = { allowExecutorReregister: true }
  const broker = await startColoniesServer({ databaseUrl, serverId: identityOf(serverKey), settings })
  const around = await openColonies({ databaseUrl, serverKey, brokerUrl: broker.url, gatewayUrl: gateway.url })
  return {
    ...around,
    broker,
    gateway,
    async close() {
      await around.close()
      await broker.close()
      await gateway.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export interface CrashServers {
  readonly databaseUrl: string
  /** Of the owner of the broker. */
  readonly serverKey: Uint8Array
  readonly brokerUrl: string
  readonly gatewayUrl: string
}

export async function openColonies({
  databaseUrl,
  serverKey,
  brokerUrl,
  gatewayUrl,
}: CrashServers): Promise<CrashColonies> {
  const admin = new pg.Pool({ connectionString: databaseUrl, max: 6 })
  admin.on('error', () => undefined)
  await admin.query(crashSql)
  const transport = createHttpTransport({ url: `${brokerUrl}/api` })
  const clientOf = (privateKey: Uint8Array): ColoniesClient => new ColoniesClient({ transport, privateKey })
  const [receiptSeed, envelopeSeed] = [generateSeed(), generateSeed()]
  const keys = [new SigningKey(receiptSeed).trusted()]
  const proxies: WireProxy[] = []
  const children: ExecutorProcess[] = []
  const transports = [transport]

  const facts: CrashColony['facts'] = async (processIds) => {
    const { rows } = await admin.query(
      `select processid, state, endtime::float8 as endtime, starttime::float8 as starttime, retries, assignedexecutorid, out
       from colonies.processes where processid = any ($1)`,
      [processIds],
    )
    return new Map((rows as ProcessFacts[]).map((row) => [row.processid, row]))
  }

  const colony = async (name: string): Promise<CrashColony> => {
    const [colonyKey, memberKey] = [generatePrivateKey(), generatePrivateKey()]
    const [owner, client] = [clientOf(colonyKey), clientOf(memberKey)]
    await clientOf(serverKey).addColony({ name, colonyid: identityOf(colonyKey) })
    const member = { colonyname: name, userid: identityOf(memberKey), name: `member-${name}`, email: '', phone: '' }
    await owner.addUser(member)
    const proxy = await createProxy({ brokerUrl, gatewayUrl })
    proxies.push(proxy)
    const submitterFor = (through: ColoniesClient): Submitter =>
      createSubmitter({
        client: through,
        colony: name,
        envelopeKey: new SigningKey(envelopeSeed),
        bees: [crashBee],
        clock: systemClock,
      })
    const submitter = submitterFor(client)
    const proxied = createHttpTransport({ url: `${proxy.url}/api` })
    transports.push(proxied)
    const detour = submitterFor(new ColoniesClient({ transport: proxied, privateKey: memberKey, timeoutMs: 700 }))
    return {
      name,
      proxy,
      owner,
      client,
      async submit(kind, input, deadlineMs) {
        const { processId } = await submitter.submit({ bee: 'crash', task: kind, input: { ...input }, deadlineMs })
        return processId
      },
      async submitThroughProxy(kind, input) {
        const { processId } = await detour.submit({ bee: 'crash', task: kind, input: { ...input } })
        return processId
      },
      async load({ proxy: way = proxy, ...over } = {}) {
        const child = await loadExecutor({
          brokerUrl: way.url,
          gatewayUrl: way.url,
          gatewayKey: testKeys.bee,
          readUrl: way.url,
          colony: name,
          colonyKey: Buffer.from(colonyKey).toString('hex'),
          receiptSeed,
          envelopeSeed,
          pollTimeoutS,
          ...over,
        })
        children.push(child)
        return child
      },
      facts,
      async named(note) {
        const { rows } = await admin.query(
          `select processid from colonies.processes where colonyname = $1 and kwargs::jsonb #>> '{input,note}' = $2`,
          [name, note],
        )
        return (rows as { processid: string }[]).map(({ processid }) => processid)
      },
      async ended(processIds, timeoutMs = 90_000) {
        let now = await facts(processIds)
        const isOver = (id: string) => (now.get(id)?.state ?? 0) > 1
        await until(
          async () => {
            now = await facts(processIds)
            return processIds.every(isOver)
          },
          { timeoutMs, intervalMs: 40, what: 'the end of all processes' },
        ).catch((error: Error) => {
          const open = processIds.filter((id) => !isOver(id))
          throw new Error(`${error.message} ${open.map((id) => `${id} is ${now.get(id)?.state}`)}`)
        })
        return now
      },
      check: () =>
        checkInvariants(databaseUrl, {
          keys,
          colony: name,
          transactions: transactionsOf,
          // The second of two processes with one envelope: what a repeated submit makes.
          failures: ['BEE_ENVELOPE_REPLAYED'],
          effectsSql: `${effectsSql} where colony = '${name}'`,
        }),
    }
  }

  return {
    databaseUrl,
    admin,
    keys,
    colony,
    async close() {
      await Promise.all(children.map((child) => child.close()))
      await Promise.all(proxies.map((proxy) => proxy.close()))
      for (const each of transports) each.close()
      await admin.end()
    },
  }
}
