import { type Config, loadConfig } from '../config.ts'
import { readEnvFile } from '../local/env-file.ts'

/**
 * The configuration of a command that talks to a running hive: what the environment says, and, where it names neither
 * broker nor database, what the local hive in the data folder has written down.
 *
 * @throws BeeError BEE_CONFIG_INVALID
 */
export async function runningConfig(env: Readonly<Record<string, string | undefined>> = process.env): Promise<Config> {
  const given = loadConfig(env)
  if (given.COLONIES_SERVER_HOST !== undefined && given.SUPABASE_URL !== undefined) return given
  // An empty variable counts as absent here too.
  const set = Object.entries(env).filter(([, value]) => value !== undefined && value !== '')
  return loadConfig({ ...(await readEnvFile(given.BEES_DATA_DIR)), ...Object.fromEntries(set) })
}
