import { ColoniesClient } from '../colonies/index.ts'
import type { Config, ConfigName } from '../config.ts'
import { BeeError } from '../errors.ts'
import { createKeepAliveFetch, createLedger, type Ledger } from '../ledger/index.ts'
import type { Metrics } from '../telemetry/index.ts'

/** A variable that this command cannot do without. */
export function required<Name extends ConfigName>(config: Config, name: Name): NonNullable<Config[Name]> {
  const value = config[name]
  if (value !== undefined && value !== null) return value
  throw new BeeError(
    'BEE_CONFIG_INVALID',
    `${name} is not set, and no local hive runs in ${config.BEES_DATA_DIR}. Run \`npm start\` first, or set it.`,
  )
}

/** `http://host:port` of the broker. */
export function brokerUrl(config: Config): string {
  const tls = config.COLONIES_SERVER_TLS
  const port = config.COLONIES_SERVER_PORT ?? (tls ? 443 : 50_080)
  return `${tls ? 'https' : 'http'}://${required(config, 'COLONIES_SERVER_HOST')}:${port}`
}

/** A client that speaks as the submitting member. */
export function connectBroker(config: Config): ColoniesClient {
  return new ColoniesClient({ url: brokerUrl(config), privateKey: required(config, 'COLONIES_PRVKEY') })
}

export function connectLedger(config: Config, metrics?: Metrics): Ledger {
  return createLedger({
    url: required(config, 'SUPABASE_URL'),
    key: required(config, 'SUPABASE_SECRET_KEY'),
    // Half the CPU of the global fetch, which makes a tenth of a task.
    fetch: createKeepAliveFetch(),
    metrics,
  })
}
