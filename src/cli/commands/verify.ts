import { readFile } from 'node:fs/promises'
import { BeeError } from '../../errors.ts'
import { type Finding, parseJwks, type ReceiptClaims, SigningKey, verifyReceipt } from '../../trust/index.ts'
import { connectBroker, connectLedger } from '../connect.ts'
import { runningConfig } from '../environment.ts'
import { columns, paint } from '../paint.ts'
import { verifyProcess } from '../verify-process.ts'

export interface VerifyOptions {
  readonly receipt?: string | undefined
  readonly keys?: string | undefined
  readonly json?: boolean | undefined
}

interface Verdict {
  readonly ok: boolean
  readonly findings: readonly Finding[]
  readonly receipts: readonly ReceiptClaims[]
}

/** Says valid, or exactly what is wrong; exit code 0 or 1. */
export async function verify(processId: string | undefined, options: VerifyOptions): Promise<void> {
  const verdict = await decide(processId, options)
  if (options.json === true) console.log(JSON.stringify(verdict, null, 2))
  else print(verdict)
  if (!verdict.ok) process.exitCode = 1
}

async function decide(processId: string | undefined, { receipt, keys }: VerifyOptions): Promise<Verdict> {
  if (receipt !== undefined && processId === undefined) {
    if (keys === undefined)
      throw new BeeError('BEE_USAGE', 'Received --receipt without --keys: expected a file with the public keys.')
    const verdict = verifyReceipt((await readText(receipt)).trim(), parseJwks(await readText(keys)))
    return verdict.ok ? { ok: true, findings: [], receipts: [verdict.claims] } : { ...verdict, receipts: [] }
  }
  if (processId === undefined || receipt !== undefined) {
    throw new BeeError('BEE_USAGE', 'Expected a process id, or --receipt FILE with --keys FILE.')
  }
  const config = await runningConfig()
  const ledger = connectLedger(config)
  const reply = await ledger.read(config.COLONIES_COLONY_NAME, processId, { deadlineMs: performance.now() + 15_000 })
  const own = config.BEES_RECEIPT_KEY === undefined ? [] : [new SigningKey(config.BEES_RECEIPT_KEY).trusted()]
  const given = keys === undefined ? own : parseJwks(await readText(keys))
  // With --keys only those count: then the ledger need not be believed either.
  return verifyProcess(
    keys === undefined ? reply : { ...reply, keys: [] },
    given,
    await publishedResult(config, processId),
  )
}

/** The result as it stands at the broker; undefined where there is none or the broker cannot be asked. */
async function publishedResult(config: Awaited<ReturnType<typeof runningConfig>>, processId: string): Promise<unknown> {
  if (config.COLONIES_PRVKEY === undefined || processId.startsWith('direct:')) return undefined
  const found = await connectBroker(config)
    .getProcess(processId)
    .catch(() => undefined)
  const first: unknown = found?.out[0]
  return typeof first === 'object' && first !== null && 'result' in first ? first.result : undefined
}

function print({ ok, findings, receipts }: Verdict): void {
  for (const claims of receipts) {
    console.log(
      columns([
        ['process', claims.process],
        ['task', `${claims.bee}/${claims.task}`],
        ['outcome', claims.error === null ? claims.outcome : `${claims.outcome} (${claims.error})`],
        ['ledger', claims.ledger.map(({ id, step }) => `row ${id}, step ${step}`).join('; ') || 'no row'],
        ['input', claims.input],
        ['output', claims.output ?? 'none'],
        ['executor', claims.executor],
        ['finished', claims.finished],
        ['place', `receipt ${claims.seq} of its executor`],
      ]),
    )
  }
  for (const { code, message } of findings) console.log(`${paint.red(code)}  ${message}`)
  console.log(ok ? paint.green('valid') : paint.red('not valid'))
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw new BeeError('BEE_USAGE', `Cannot read ${path}: expected a readable file.`, { cause })
  })
}
