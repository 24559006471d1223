import { relative } from 'node:path'
import type { Config } from '../config.ts'
import { BeeError } from '../errors.ts'
import { readEnvFile } from '../local/env-file.ts'
import { brokerUrl } from './connect.ts'
import { expectBroker } from './reach.ts'

/**
 * A shell that has read local.env names the parts of a local hive. While that hive runs, a second one may join it; when
 * it has ended, a start would wait for it for ever instead of starting a local stack.
 *
 * @throws BeeError BEE_CONFIG_INVALID
 */
export async function refuseStaleSettings(config: Config): Promise<void> {
  const written = await readEnvFile(config.BEES_DATA_DIR)
  const fromFile =
    written['SUPABASE_URL'] !== undefined &&
    written['SUPABASE_URL'] === config.SUPABASE_URL &&
    written['COLONIES_SERVER_HOST'] === config.COLONIES_SERVER_HOST &&
    written['COLONIES_SERVER_PORT'] === String(config.COLONIES_SERVER_PORT)
  if (!fromFile) return
  await expectBroker(config).catch((cause: unknown) => {
    const file = `${relative(process.cwd(), config.BEES_DATA_DIR) || '.'}/local.env`
    throw new BeeError(
      'BEE_CONFIG_INVALID',
      `Received the settings that a local hive has left in ${file}, and nothing answers at ${brokerUrl(config)} any more: ` +
        'expected an environment without them, so that a new local hive starts. Use a shell that has not read that file.',
      { cause },
    )
  })
}
