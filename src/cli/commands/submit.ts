import { text } from 'node:stream/consumers'
import { loadBees } from '../../bee/index.ts'
import { type ColoniesClient, type JsonObject, ProcessState } from '../../colonies/index.ts'
import { BeeError } from '../../errors.ts'
import { createSubmitter, type FinalProcess, type Submitter } from '../../fleet/index.ts'
import { systemClock } from '../../resilience/index.ts'
import { SigningKey } from '../../trust/index.ts'
import { connectBroker, required } from '../connect.ts'
import { runningConfig } from '../environment.ts'
import { paint, printable } from '../paint.ts'
import { beesDir } from '../paths.ts'
import { expectBroker, readProcess } from '../reach.ts'
import { readText } from '../read-text.ts'
import { verifyProcess } from '../verify-process.ts'

export interface SubmitOptions {
  readonly file?: string | undefined
  readonly wait: boolean
  readonly timeout: string
  readonly json?: boolean | undefined
  /** Signs with the person's own key instead of the hive's. */
  readonly asPerson?: boolean | undefined
}

const lookMs = 5000

/** Signs a task, hands it in, waits for its end and verifies the receipt. Exit code 0: done and verified. */
export async function submit(name: string, inputText: string, options: SubmitOptions): Promise<void> {
  const [bee = '', task = '', ...rest] = name.split('/')
  if (bee === '' || task === '' || rest.length > 0) {
    throw new BeeError('BEE_USAGE', `Received "${name}", expected bee/task, such as greeter/hello.`)
  }
  const timeoutMs = Number(options.timeout) * 1000
  if (!(timeoutMs > 0))
    throw new BeeError('BEE_USAGE', `--timeout: received "${options.timeout}", expected a number of seconds above 0.`)
  const input = parseObject(await inputSource(inputText, options.file))
  const config = await runningConfig()
  const client = connectBroker(config)
  const submitter = createSubmitter({
    client,
    colony: config.COLONIES_COLONY_NAME,
    envelopeKey: new SigningKey(
      required(config, options.asPerson === true ? 'BEES_APPROVER_KEY' : 'BEES_SUBMITTER_KEY'),
    ),
    bees: await loadBees(beesDir(config)),
    clock: systemClock,
  })
  await expectBroker(config)
  const { processId } = await submitter.submit({ bee, task, input })
  if (!options.wait) {
    console.log(options.json === true ? JSON.stringify({ process: processId }) : processId)
    return
  }
  const final = await waitFor(processId, { submitter, client, timeoutMs, bee })
  const reply = await readProcess(config, processId)
  const verdict = verifyProcess(reply, {
    colony: config.COLONIES_COLONY_NAME,
    published: final.state === 'success' ? final.result : undefined,
  })
  const done = final.state === 'success' && verdict.ok
  if (options.json === true) {
    const { state, result, errors, receipt } = final
    console.log(
      JSON.stringify(
        { process: processId, state, result, errors, receipt, verified: verdict.ok, findings: verdict.findings },
        null,
        2,
      ),
    )
  } else {
    console.log(`${paint.dim('process')} ${processId}`)
    console.log(
      final.state === 'success'
        ? JSON.stringify(final.result, null, 2)
        : paint.red(printable(`${final.state}: ${final.errors.join('; ')}`)),
    )
    for (const { code, message } of verdict.findings) console.log(`${paint.red(code)} ${printable(message)}`)
    if (verdict.ok) console.log(`${paint.green('receipt verified')} ${paint.dim(`(bees verify ${processId})`)}`)
  }
  if (!done) process.exitCode = 1
}

interface Wait {
  readonly submitter: Submitter
  readonly client: ColoniesClient
  readonly timeoutMs: number
  readonly bee: string
}

/** Waits; when the time is over, says how far the process has come. */
async function waitFor(processId: string, { submitter, client, timeoutMs, bee }: Wait): Promise<FinalProcess> {
  try {
    return await submitter.waitFor(processId, { timeoutMs })
  } catch (error) {
    if (!(error instanceof BeeError) || error.code !== 'BEE_DEADLINE') throw error
    const found = await client.getProcess(processId, { deadlineMs: lookMs }).catch(() => undefined)
    const where =
      found?.state === ProcessState.WAITING
        ? `is still waiting after ${timeoutMs / 1000} s: no hive that runs the bee ${bee} has taken it`
        : `has not ended after ${timeoutMs / 1000} s`
    throw new BeeError('BEE_NOT_ENDED', `process ${processId} ${where}.`, { cause: error })
  }
}

async function inputSource(inline: string, file: string | undefined): Promise<string> {
  if (file === undefined) return inline
  if (file === '-') return text(process.stdin)
  return readText(file, '--file')
}

function parseObject(source: string): JsonObject {
  try {
    const value: unknown = JSON.parse(source)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject
  } catch {
    // Told below, without the text: it may hold what nobody else should see.
  }
  throw new BeeError(
    'BEE_USAGE',
    'The input: received something else, expected a JSON object such as {"name":"Ada"} (in single quotes, so that the shell leaves it alone).',
  )
}
