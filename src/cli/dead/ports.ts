import { type Bee, loadBees } from '../../bee/index.ts'
import type { ColoniesClient } from '../../colonies/index.ts'
import type { Config } from '../../config.ts'
import type { Ledger } from '../../ledger/index.ts'
import type { TrustedKey } from '../../trust/index.ts'
import { connectBroker, connectLedger } from '../connect.ts'
import { beesDir } from '../paths.ts'
import { trustedSubmitters } from '../trusted-submitters.ts'

/** What the commands about dead letters work with. */
export interface DeadPorts {
  readonly colony: string
  readonly client: ColoniesClient
  readonly ledger: Ledger
  readonly bees: readonly Bee[]
  /** Submitters whose envelopes count. */
  readonly trusted: readonly TrustedKey[]
}

const CALL_MS = 15_000

/** A budget for one call of the ledger, from now. */
export const ledgerBudget = () => ({ deadlineMs: performance.now() + CALL_MS })

export async function deadPorts(config: Config): Promise<DeadPorts> {
  return {
    colony: config.COLONIES_COLONY_NAME,
    client: connectBroker(config),
    ledger: connectLedger(config),
    bees: await loadBees(beesDir(config)),
    trusted: trustedSubmitters(config),
  }
}
