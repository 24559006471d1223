/** What must hold of broker and database together, whatever happened: nothing lost, nothing doubled, everything signed. */

import pg from 'pg'
import { digestOf } from '../../src/canonical.ts'
import { type TrustedKey, verifyChain, verifyReceipt } from '../../src/trust/index.ts'

export interface InvariantOptions {
  /** Keys of the receipts. @default those that the ledger has published */
  readonly keys?: readonly TrustedKey[] | undefined
  /** @default all colonies together */
  readonly colony?: string | undefined
  /** States in which a process may be at the end. @default ['success'] */
  readonly endings?: readonly ('success' | 'failed' | 'cancelled')[] | undefined
  /** Error codes with which a process may have failed although `endings` has no `failed`. @default none */
  readonly failures?: readonly string[] | undefined
  /** How many transactions a task makes, by `bee/task`; a task that is not named may make any number. */
  readonly transactions?: Readonly<Record<string, number>> | undefined
  /** Gives `process` and `step` of every effect that was committed: one row an effect, so that a double one shows. */
  readonly effectsSql?: string | undefined
  /** Ledger rows may belong to processes that the broker never had (the webhook's direct way). @default false */
  readonly direct?: boolean | undefined
}

const stateNames = ['waiting', 'running', 'success', 'failed', 'cancelled'] as const

interface ProcessRow {
  readonly processid: string
  readonly state: 0 | 1 | 2 | 3 | 4
  readonly out: string
  readonly errors: string
  readonly kwargs: string
}
interface ReceiptRow {
  readonly process: string
  readonly executor: string
  readonly colony: string
  readonly jws: string
}
interface LedgerRow {
  readonly id: string
  readonly process: string
  readonly output: unknown
}

/**
 * Looks at broker and ledger when all work has ended.
 * @returns one line for each violation; empty when every invariant holds
 */
export async function checkInvariants(databaseUrl: string, options: InvariantOptions = {}): Promise<readonly string[]> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 })
  client.on('error', () => undefined)
  await client.connect()
  try {
    const rowsOf = async <T>(sql: string): Promise<T[]> => (await client.query(sql, [options.colony ?? null])).rows
    const processes = await rowsOf<ProcessRow>(
      `select processid, state, out, errors, kwargs from colonies.processes
       where $1::text is null or colonyname = $1 order by submissiontime`,
    )
    const receipts = await rowsOf<ReceiptRow>(
      `select process, executor, colony, jws from bees.receipts
       where $1::text is null or colony = $1 order by colony, executor, seq`,
    )
    const ledger = await rowsOf<LedgerRow>(
      `select id::text, process, output from bees.ledger where $1::text is null or colony = $1`,
    )
    const keys = options.keys ?? (await publishedKeys(client))
    return [
      ...checkEndings(processes, options),
      ...checkChains(receipts, keys),
      ...checkResults({ processes, receipts, ledger, keys, transactions: options.transactions ?? {} }),
      ...(await checkRows(rowsOf, options)),
      ...(options.effectsSql === undefined ? [] : await checkEffects(client, options.effectsSql, options.colony)),
    ]
  } finally {
    await client.end()
  }
}

async function publishedKeys(client: pg.Client): Promise<readonly TrustedKey[]> {
  const { rows } = await client.query(`select kid, x from bees.keys where use = 'receipt'`)
  return rows as TrustedKey[]
}

function checkEndings(processes: readonly ProcessRow[], options: InvariantOptions): readonly string[] {
  const { endings = ['success'], failures = [] } = options
  const allowed: readonly string[] = endings
  return processes.flatMap(({ processid, state, errors }) => {
    const told = (JSON.parse(errors || '[]') as string[] | null)?.filter((text) => !text.startsWith('receipt: ')) ?? []
    const excused = state === 3 && told.some((text) => failures.some((code) => text.startsWith(`${code}:`)))
    if (allowed.includes(stateNames[state]) || excused) return []
    return [`process ${processid} is ${stateNames[state]}: ${told.join(' ')}`]
  })
}

function checkChains(receipts: readonly ReceiptRow[], keys: readonly TrustedKey[]): readonly string[] {
  const chains = Map.groupBy(receipts, ({ colony, executor }) => `${colony} ${executor}`)
  return [...chains].flatMap(([name, rows]) => {
    const verdict = verifyChain(
      rows.map(({ jws }) => jws),
      keys,
    )
    return verdict.ok ? [] : verdict.findings.map(({ code, message }) => `chain of ${name}: ${code}: ${message}`)
  })
}

interface Known {
  readonly processes: readonly ProcessRow[]
  readonly receipts: readonly ReceiptRow[]
  readonly ledger: readonly LedgerRow[]
  readonly keys: readonly TrustedKey[]
  readonly transactions: Readonly<Record<string, number>>
}

/** The result at the broker, its receipt, the ledger rows behind it: each says the same. */
function checkResults({ processes, receipts, ledger, keys, transactions }: Known): readonly string[] {
  const stored = new Set(receipts.map(({ process, jws }) => `${process} ${jws}`))
  const outputs = new Map(ledger.map(({ id, output }) => [id, output]))
  return processes.flatMap((process) => {
    const wrong = (text: string) => [`process ${process.processid}: ${text}`]
    if (process.state !== 2 && process.state !== 3) return []
    const { receipt, result } = publishedBy(process)
    if (receipt === undefined) return wrong('closed without a receipt')
    const { input } = JSON.parse(process.kwargs) as { readonly input?: unknown }
    const expected = { process: process.processid, output: process.state === 2 ? digestOf(result) : null }
    const verdict = verifyReceipt(receipt, keys, { ...expected, input: digestOf(input) })
    if (!verdict.ok) return verdict.findings.flatMap(({ code, message }) => wrong(`${code}: ${message}`))
    const { claims } = verdict
    const wanted = process.state === 2 ? transactions[`${claims.bee}/${claims.task}`] : undefined
    const steps = new Set(claims.ledger.map(({ step }) => step)).size
    return [
      ...(wanted === undefined || (claims.ledger.length === wanted && steps === wanted)
        ? []
        : wrong(`the receipt speaks of ${claims.ledger.length} transactions, expected ${wanted}`)),
      ...(stored.has(`${process.processid} ${receipt}`) ? [] : wrong('its receipt is not in the ledger')),
      ...((claims.outcome === 'failed') === (process.state === 3) ? [] : wrong(`the receipt says ${claims.outcome}`)),
      ...claims.ledger.flatMap(({ id, output }) =>
        outputs.has(id) && digestOf(outputs.get(id)) === output ? [] : wrong(`ledger row ${id} is not what it signed`),
      ),
    ]
  })
}

function publishedBy({ state, out, errors }: ProcessRow): { readonly receipt?: string; readonly result?: unknown } {
  if (state === 2) return (JSON.parse(out) as { receipt?: string; result?: unknown }[])[0] ?? {}
  const told = (JSON.parse(errors) as string[]).find((text) => text.startsWith('receipt: '))
  return told === undefined ? {} : { receipt: told.slice('receipt: '.length) }
}

type RowsOf = <T>(sql: string) => Promise<T[]>

/** Statements each of which finds nothing; a row that it finds is a violation. */
async function checkRows(rowsOf: RowsOf, { direct = false }: InvariantOptions): Promise<readonly string[]> {
  const ofColony = (alias: string) => `($1::text is null or ${alias}.colony = $1)`
  const atBroker = (alias: string) =>
    `exists (select from colonies.processes as b where b.processid = ${alias}.process)` +
    (direct ? ` or starts_with(${alias}.process, 'direct:')` : '')
  const checks: Readonly<Record<string, string>> = {
    'a step is in the ledger twice': `select process, step from bees.ledger as l where ${ofColony('l')}
      group by colony, process, step having count(*) > 1`,
    'a business key is in the ledger twice': `select bee, task, key, step from bees.ledger as l
      where ${ofColony('l')} and key is not null group by colony, bee, task, key, step having count(*) > 1`,
    'a ledger row without a process at the broker': `select l.process, l.id from bees.ledger as l
      where ${ofColony('l')} and not (${atBroker('l')})`,
    'a receipt without a process at the broker': `select r.process, r.seq from bees.receipts as r
      where ${ofColony('r')} and not (${atBroker('r')})`,
    'a fence without a process at the broker': `select p.process from bees.processes as p
      where ${ofColony('p')} and not (${atBroker('p')})`,
    'a ledger row without its fence': `select l.process, l.step from bees.ledger as l
      where ${ofColony('l')} and not exists (
        select from bees.processes as p where p.colony = l.colony and p.process = l.process
          and (p.retries, p.starttime) >= (l.retries, l.starttime))`,
    'a ledger row of a revoked process': `select l.process, l.step from bees.ledger as l
      join bees.processes as p using (colony, process)
      where ${ofColony('l')} and p.revoked_at is not null and l.committed_at > p.revoked_at`,
    'an envelope that two processes used': `select kid, nonce from bees.nonces as n
      where ${ofColony('n')} group by kid, nonce having count(distinct process) > 1`,
    'a transaction that was left open': `select pid, state from pg_stat_activity
      where ($1::text is null or true) and datname = current_database()
        and state like 'idle in transaction%' and xact_start < now() - interval '30 seconds'`,
  }
  const found: string[] = []
  for (const [name, sql] of Object.entries(checks)) {
    const rows = await rowsOf<Record<string, unknown>>(sql)
    found.push(...rows.map((row) => `${name}: ${JSON.stringify(row)}`))
  }
  return found
}

/** Effects and ledger rows are the same set. */
async function checkEffects(client: pg.Client, effectsSql: string, colony?: string): Promise<readonly string[]> {
  const { rows } = await client.query(
    `with effects as (select process, step, count(*)::int as n from (${effectsSql}) as e group by process, step),
       ledger as (select process, step, true as known from bees.ledger where $1::text is null or colony = $1)
     select process, step, coalesce(n, 0) as n, coalesce(known, false) as known
     from effects full join ledger using (process, step)
     where n is distinct from 1 or known is null`,
    [colony ?? null],
  )
  return (rows as { process: string; step: number; n: number; known: boolean }[]).map(
    ({ process, step, n, known }) =>
      `step ${step} of process ${process}: ${n} effects and ${known ? 'a' : 'no'} ledger row`,
  )
}
