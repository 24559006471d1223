import { loadBees } from '../../bee/index.ts'
import { type Config, loadConfig } from '../../config.ts'
import { toBeeError } from '../../errors.ts'
import { selfTest } from '../../trust/index.ts'
import { connectBroker, connectLedger } from '../connect.ts'
import { runningConfig } from '../environment.ts'
import { paint } from '../paint.ts'
import { beesDir } from '../paths.ts'

interface Check {
  readonly name: string
  /** Returns what was found; throws what is wrong. */
  readonly look: () => Promise<string> | string
}

const patienceMs = 10_000

/** Goes from the machine outwards and says of each part whether it is well, and what to do if not. */
export async function doctor(): Promise<void> {
  let healthy = await report([
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
      look: () => `${Object.values(loadConfig(process.env)).filter((value) => value !== undefined).length} values`,
    },
    { name: 'bees', look: async () => listBees(loadConfig(process.env)) },
  ])
  const config = await runningConfig().catch(() => undefined)
  if (config !== undefined && (config.COLONIES_SERVER_HOST === undefined || config.SUPABASE_URL === undefined)) {
    console.log(
      `  ${paint.dim('–')} no hive runs in ${config.BEES_DATA_DIR}, and none is named: \`npm start\` starts a local one`,
    )
  } else if (config !== undefined) {
    healthy = (await report(outsideChecks(config))) && healthy
  }
  if (!healthy) process.exitCode = 1
}

function outsideChecks(config: Config): readonly Check[] {
  const colony = config.COLONIES_COLONY_NAME
  return [
    {
      name: 'broker',
      look: async () => {
        const executors = await connectBroker(config).getExecutors(colony, { deadlineMs: patienceMs })
        return `colony ${colony}, ${executors.filter(({ state }) => state === 1).length} executors approved`
      },
    },
    {
      name: 'database',
      look: async () => {
        const keys = await connectLedger(config).keys({ deadlineMs: performance.now() + patienceMs })
        return `bee_execute answers, ${keys.length} keys published`
      },
    },
    {
      name: 'hive',
      look: async () => {
        if (config.BEES_URL === undefined) return 'BEES_URL is not set: not looked at'
        const reply = await fetch(`${config.BEES_URL}/readyz`, { signal: AbortSignal.timeout(patienceMs) })
        const facts = (await reply.json()) as { reasons?: readonly string[] }
        if (!reply.ok) throw new Error(`${config.BEES_URL} is not ready: ${facts.reasons?.join('; ')}`)
        return `${config.BEES_URL} is ready`
      },
    },
  ]
}

async function listBees(config: Config): Promise<string> {
  const bees = await loadBees(beesDir(config), { only: config.BEES_ONLY })
  return bees.map(({ name }) => name).join(', ') || 'none'
}

async function report(checks: readonly Check[]): Promise<boolean> {
  let healthy = true
  for (const { name, look } of checks) {
    try {
      console.log(`  ${paint.green('✓')} ${name.padEnd(12)} ${await look()}`)
    } catch (thrown) {
      healthy = false
      const error = toBeeError(thrown)
      console.log(
        `  ${paint.red('✗')} ${name.padEnd(12)} ${error.code}: ${error.message}\n    ${paint.dim('next:')} ${error.next}`,
      )
    }
  }
  return healthy
}
