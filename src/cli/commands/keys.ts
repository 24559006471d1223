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

/** Makes a key (printed once, kept nowhere), or shows the public parts of the configured ones. */
export async function keys(what: string | undefined): Promise<void> {
  if (what === undefined) return showKeys()
  if (!Object.hasOwn(variables, what)) {
    throw new BeeError('BEE_USAGE', `Received "${what}", expected receipt, submitter or executor.`)
  }
  if (what === 'executor') {
    console.log(`${variables.executor}=${Buffer.from(generatePrivateKey()).toString('hex')}`)
    console.log(paint.dim('A secret: each bee derives its own executor key from it.'))
    return
  }
  const seed = generateSeed()
  console.log(`${variables[what as 'receipt' | 'submitter']}=${seed}`)
  console.log(paint.dim('The line above is a secret. Its public part, to be handed out:'))
  console.log(JSON.stringify(new SigningKey(seed).publicJwk))
}

async function showKeys(): Promise<void> {
  const config = await runningConfig()
  for (const name of [variables.receipt, variables.submitter] as const) {
    const seed = config[name]
    const shown =
      seed === undefined ? paint.dim('not set') : JSON.stringify(new SigningKey(parseSeed(seed, name)).publicJwk)
    console.log(`${paint.bold(name)}  ${shown}`)
  }
}
