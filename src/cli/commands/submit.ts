import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { loadBees } from '../../bee/index.ts'
import type { JsonObject } from '../../colonies/index.ts'
import { BeeError } from '../../errors.ts'
import { createSubmitter } from '../../fleet/index.ts'
import { systemClock } from '../../resilience/index.ts'
import { SigningKey } from '../../trust/index.ts'
import { connectBroker, connectLedger, required } from '../connect.ts'
import { runningConfig } from '../environment.ts'
import { paint } from '../paint.ts'
import { beesDir } from '../paths.ts'
import { verifyProcess } from '../verify-process.ts'

export interface SubmitOptions {
  readonly file?: string | undefined
  readonly wait: boolean
  readonly timeout: string
  readonly json?: boolean | undefined
}

/** Signs a task, hands it in, waits for its end and verifies the receipt. Exit code 0: done and verified. */
export async function submit(name: string, inputText: string, options: SubmitOptions): Promise<void> {
  const [bee = '', task = '', ...rest] = name.split('/')
  if (bee === '' || task === '' || rest.length > 0) {
    throw new BeeError('BEE_USAGE', `Received "${name}", expected bee/task, such as greeter/hello.`)
  }
  const timeoutMs = Number(options.timeout) * 1000
  if (!(timeoutMs > 0)) throw new BeeError('BEE_USAGE', `--timeout: received "${options.timeout}", expected seconds.`)
  const input = parseObject(await inputSource(inputText, options.file))
  const config = await runningConfig()
  const submitter = createSubmitter({
    client: connectBroker(config),
    colony: config.COLONIES_COLONY_NAME,
    envelopeKey: new SigningKey(required(config, 'BEES_SUBMITTER_KEY')),
    bees: await loadBees(beesDir(config)),
    clock: systemClock,
  })
  const { processId } = await submitter.submit({ bee, task, input })
  if (!options.wait) {
    console.log(options.json === true ? JSON.stringify({ process: processId }) : processId)
    return
  }
  const final = await submitter.waitFor(processId, { timeoutMs })
  const reply = await connectLedger(config).read(config.COLONIES_COLONY_NAME, processId, {
    deadlineMs: performance.now() + 15_000,
  })
  const verdict = verifyProcess(reply, [], final.state === 'success' ? final.result : undefined)
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
        : paint.red(`${final.state}: ${final.errors.join('; ')}`),
    )
    for (const { code, message } of verdict.findings) console.log(`${paint.red(code)} ${message}`)
    if (verdict.ok) console.log(`${paint.green('receipt verified')} ${paint.dim(`(bees verify ${processId})`)}`)
  }
  if (!done) process.exitCode = 1
}

async function inputSource(inline: string, file: string | undefined): Promise<string> {
  if (file === undefined) return inline
  if (file === '-') return text(process.stdin)
  return readFile(file, 'utf8').catch((cause: unknown) => {
    throw new BeeError('BEE_USAGE', `--file: cannot read ${file}.`, { cause })
  })
}

function parseObject(source: string): JsonObject {
  try {
    const value: unknown = JSON.parse(source)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject
  } catch {
    // Told below, without the text: it may hold what nobody else should see.
  }
  throw new BeeError('BEE_USAGE', 'The input is not a JSON object, such as {"name":"Ada"}.')
}
