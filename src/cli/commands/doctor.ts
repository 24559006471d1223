import { loadBees } from '../../bee/index.ts'
import { type Config, configVariables, loadConfig } from '../../config.ts'
import { BeeError, toBeeError } from '../../errors.ts'
import { selfTest } from '../../trust/index.ts'
import { connectBroker, connectLedger } from '../connect.ts'
import { runningConfig } from '../environment.ts'
import { paint } from '../paint.ts'
import { beesDir } from '../paths.ts'
import { brokerProblem, databaseProblem, unreachable } from '../reach.ts'

interface Check {
  readonly name: string
  /** Returns what was found; throws what is wrong. */
  readonly look: () => Promise<string> | string
}

const patienceMs = 10_000

/** Goes from the machine outwards and says of each part whether it is well, and what to do if not. */
export async function doctor(): Promise<void> {
  const healthy = await examine()
  if (!healthy) process.exitCode = 1
}

async function examine(): Promise<boolean> {
  let config: Config | undefined
  const machine = await report([
    { name: 'Node', look: () => process.version },
    {
      name: 'signatures',
      look: () => {
        selfTest()
        return 'tweetnacl and node:crypto agree'
      },
    },
    {
      name: 'settings',
      look: async () => {
        loadConfig(process.env)
        config = await runningConfig()
        const set = configVariables.filter(({ name }) => (process.env[name] ?? '') !== '')
        return set.length === 0 ? 'no variable is set' : `set are ${set.map(({ name }) => name).join(', ')}`
      },
    },
  ])
  // Without settings there is nothing to look for.
  if (config === undefined) return false
  const bees = await report([{ name: 'bees', look: beesOf(config) }])
  if (config.COLONIES_SERVER_HOST !== undefined && config.SUPABASE_URL !== undefined) {
    return (await report(outsideChecks(config))) && machine && bees
  }
  console.log(
    `  ${paint.dim('–')} no hive runs in ${config.BEES_DATA_DIR}, and none is named: \`npm start\` starts a local one`,
  )
  return machine && bees
}

function outsideChecks(config: Config): readonly Check[] {
  const colony = config.COLONIES_COLONY_NAME
  return [
    {
      name: 'broker',
      look: async () => {
        const client = connectBroker(config)
        const executors = await client.getExecutors(colony, { deadlineMs: patienceMs }).catch((error: unknown) => {
          throw brokerProblem(config, error)
        })
        return `colony ${colony}, executors approved: ${executors.filter(({ state }) => state === 1).length}`
      },
    },
    {
      name: 'database',
      look: async () => {
        const options = { deadlineMs: performance.now() + patienceMs }
        const keys = await connectLedger(config)
          .keys(options)
          .catch((error: unknown) => {
            throw databaseProblem(config, error)
          })
        return `bee_execute answers, keys published: ${keys.length}`
      },
    },
    {
      name: 'hive',
      look: async () =>
        config.BEES_URL === undefined ? 'BEES_URL is not set: not looked at' : askHive(config.BEES_URL),
    },
  ]
}

async function askHive(url: string): Promise<string> {
  const reply = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(patienceMs) }).catch((cause: unknown) => {
    throw unreachable('The hive', url, cause)
  })
  const facts = (await reply.json().catch(() => ({}))) as { readonly reasons?: readonly string[] }
  if (reply.ok) return `${url} is ready`
  throw new BeeError(
    'BEE_UNREACHABLE',
    `The hive at ${url} is not ready: ${facts.reasons?.join('; ') ?? reply.status}.`,
  )
}

function beesOf(config: Config) {
  return async () => {
    const bees = await loadBees(beesDir(config), { only: config.BEES_ONLY })
    return bees.map(({ name }) => name).join(', ') || 'none'
  }
}

async function report(checks: readonly Check[]): Promise<boolean> {
  let healthy = true
  for (const { name, look } of checks) {
    try {
      console.log(`  ${paint.green('✓')} ${name.padEnd(12)} ${await look()}`)
    } catch (thrown) {
      healthy = false
      const error = toBeeError(thrown)
      const message = error.message.replaceAll('\n', '\n    ')
      console.log(
        `  ${paint.red('✗')} ${name.padEnd(12)} ${error.code}: ${message}\n    ${paint.dim('next:')} ${error.next}`,
      )
    }
  }
  return healthy
}
