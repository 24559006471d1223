import { generatePrivateKey } from '../../colonies/index.ts'
import { BeeError } from '../../errors.ts'
import { generateSeed, parseSeed, SigningKey } from '../../trust/index.ts'
import { runningConfig } from '../environment.ts'
import { paint } from '../paint.ts'

const variables = {
  receipt: 'BEES_RECEIPT_KEY',
  submitter: 'BEES_SUBMITTER_KEY',
  executor: 'COLONIES_EXECUTOR_PRVKEY',
} as const

/**
 * Makes a key (printed once, kept nowhere), or shows the public parts of the configured ones. What is no setting is a
 * comment, so that the output can be appended to an env file.
 */
export async function keys(what: string | undefined): Promise<void> {
  if (what === undefined) return showKeys()
  if (!Object.hasOwn(variables, what)) {
    throw new BeeError('BEE_USAGE', `Received ${JSON.stringify(what)}, expected receipt, submitter or executor.`)
  }
  if (what === 'executor') {
    console.log(`${variables.executor}=${Buffer.from(generatePrivateKey()).toString('hex')}`)
    console.log(paint.dim('# A secret: the key of each bee is derived from it.'))
    return
  }
  const seed = generateSeed()
  console.log(`${variables[what as 'receipt' | 'submitter']}=${seed}`)
  console.log(paint.dim('# A secret. Its public part, to be handed out:'))
  console.log(paint.dim(`# ${publicPart(what as 'receipt' | 'submitter', new SigningKey(seed))}`))
}

async function showKeys(): Promise<void> {
  const config = await runningConfig()
  for (const name of [variables.receipt, variables.submitter] as const) {
    const seed = config[name]
    const use = name === variables.receipt ? 'receipt' : 'submitter'
    const shown = seed === undefined ? paint.dim('not set') : publicPart(use, new SigningKey(parseSeed(seed, name)))
    console.log(`${paint.bold(name)}  ${shown}`)
  }
}

/** In the form in which it is used: a JWK for whoever verifies receipts, a setting for the hives that accept tasks. */
function publicPart(use: 'receipt' | 'submitter', { kid, publicJwk }: SigningKey): string {
  if (use === 'receipt') return JSON.stringify(publicJwk)
  return `BEES_TRUSTED_SUBMITTERS='${JSON.stringify([{ kid, x: publicJwk.x }])}'`
}
