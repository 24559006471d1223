import { generatePrivateKey } from '../../colonies/index.ts'
import { BeeError } from '../../errors.ts'
import { generateSeed, parseSeed, SigningKey } from '../../trust/index.ts'
import { runningConfig } from '../environment.ts'
import { paint } from '../paint.ts'

const variables = {
  receipt: 'BEES_RECEIPT_KEY',
  submitter: 'BEES_SUBMITTER_KEY',
  approver: 'BEES_APPROVER_KEY',
  executor: 'COLONIES_EXECUTOR_PRVKEY',
} as const

type SigningUse = Exclude<keyof typeof variables, 'executor'>

/**
 * Makes a key (printed once, kept nowhere), or shows the public parts of the configured ones. What is no setting is a
 * comment, so that the output can be appended to an env file.
 */
export async function keys(what: string | undefined): Promise<void> {
  if (what === undefined) return showKeys()
  if (!Object.hasOwn(variables, what)) {
    throw new BeeError(
      'BEE_USAGE',
      `Received ${JSON.stringify(what)}, expected receipt, submitter, approver or executor.`,
    )
  }
  if (what === 'executor') {
    console.log(`${variables.executor}=${Buffer.from(generatePrivateKey()).toString('hex')}`)
    console.log(paint.dim('# A secret: the key of each bee is derived from it.'))
    return
  }
  const use = what as SigningUse
  const seed = generateSeed()
  console.log(`${variables[use]}=${seed}`)
  console.log(paint.dim('# A secret. Its public part, to be handed out:'))
  for (const line of publicParts(use, new SigningKey(seed))) console.log(paint.dim(`# ${line}`))
}

async function showKeys(): Promise<void> {
  const config = await runningConfig()
  for (const use of ['receipt', 'submitter', 'approver'] as const) {
    const name = variables[use]
    const seed = config[name]
    const shown = seed === undefined ? [paint.dim('not set')] : publicParts(use, new SigningKey(parseSeed(seed, name)))
    for (const line of shown) console.log(`${paint.bold(name)}  ${line}`)
  }
}

/**
 * In the form in which it is used: a JWK for whoever verifies receipts, settings for the hives that accept tasks. A
 * person's key is admitted by the one and may decide by the other.
 */
function publicParts(use: SigningUse, { kid, publicJwk }: SigningKey): readonly string[] {
  if (use === 'receipt') return [JSON.stringify(publicJwk)]
  const trusted = `BEES_TRUSTED_SUBMITTERS='${JSON.stringify([{ kid, x: publicJwk.x }])}'`
  if (use === 'submitter') return [trusted]
  return [trusted, `SECURITY_APPROVERS='${JSON.stringify([{ name: 'your name', x: publicJwk.x }])}'`]
}
