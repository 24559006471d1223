import { BeeError } from '../../errors.ts'
import { type Finding, parseJwks, type ReceiptClaims, SigningKey, verifyReceipt } from '../../trust/index.ts'
import { connectBroker } from '../connect.ts'
import { runningConfig } from '../environment.ts'
import { columns, paint, printable } from '../paint.ts'
import { readProcess } from '../reach.ts'
import { readText } from '../read-text.ts'
import { type Signer, verifyProcess } from '../verify-process.ts'

export interface VerifyOptions {
  readonly receipt?: string | undefined
  readonly keys?: string | undefined
  readonly json?: boolean | undefined
}

interface Verdict {
  readonly ok: boolean
  readonly findings: readonly Finding[]
  readonly receipts: readonly ReceiptClaims[]
  readonly signers: readonly Signer[]
}

/** `direct:` marks what the webhook ran without the broker. */
const processIdForm = /^(direct:)?[0-9a-f]{64}$/

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
    const verdict = verifyReceipt(
      (await readText(receipt, '--receipt')).trim(),
      parseJwks(await readText(keys, '--keys')),
    )
    if (!verdict.ok) return { ...verdict, receipts: [], signers: [] }
    return { ok: true, findings: [], receipts: [verdict.claims], signers: [{ kid: verdict.kid, source: 'held' }] }
  }
  if (processId === undefined || receipt !== undefined) {
    const received = processId === undefined ? 'neither a process id nor --receipt' : 'a process id and --receipt'
    throw new BeeError('BEE_USAGE', `Received ${received}, expected a process id, or --receipt FILE with --keys FILE.`)
  }
  if (!processIdForm.test(processId)) {
    throw new BeeError(
      'BEE_USAGE',
      `Received ${JSON.stringify(processId)}, expected a process id: 64 hex digits, as \`bees submit\` prints it.`,
    )
  }
  const config = await runningConfig()
  const reply = await readProcess(config, processId)
  const own = config.BEES_RECEIPT_KEY === undefined ? [] : [new SigningKey(config.BEES_RECEIPT_KEY).trusted()]
  const heldKeys = keys === undefined ? own : parseJwks(await readText(keys, '--keys'))
  // With --keys only those count: then the ledger need not be believed either.
  return verifyProcess(keys === undefined ? reply : { ...reply, keys: [] }, {
    colony: config.COLONIES_COLONY_NAME,
    heldKeys,
    published: await publishedResult(config, processId),
  })
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

const sources: Readonly<Record<Signer['source'], string>> = {
  held: 'a key that you hold',
  ledger: 'as the ledger publishes it; --keys believes your own copy alone',
}

function print({ ok, findings, receipts, signers }: Verdict): void {
  for (const [index, claims] of receipts.entries()) {
    const signer = signers[index]
    const rows: readonly (readonly [string, string])[] = [
      ['process', claims.process],
      ['task', `${claims.bee}/${claims.task}`],
      ['outcome', claims.error === null ? claims.outcome : `${claims.outcome} (${claims.error})`],
      ['ledger', claims.ledger.map(({ id, step }) => `row ${id}, step ${step}`).join('; ') || 'no row'],
      ['input', claims.input],
      ['output', claims.output ?? 'none'],
      ['executor', claims.executor],
      ['finished', claims.finished],
      ['place', `receipt ${claims.seq} of its executor`],
      ['signed by', signer === undefined ? '' : `${signer.kid} (${sources[signer.source]})`],
    ]
    console.log(columns(rows.map((row) => row.map(printable))))
  }
  for (const { code, message } of findings) console.log(`${paint.red(code)}  ${printable(message)}`)
  console.log(ok ? paint.green('valid') : paint.red('not valid'))
}
