import type { Config } from '../config.ts'
import { parseTrustedKeys, SigningKey, type TrustedKey } from '../trust/index.ts'

/**
 * The submitters whose envelopes count here: our own and those that are listed.
 *
 * @throws BeeError BEE_CONFIG_INVALID
 */
export function trustedSubmitters(config: Config): readonly TrustedKey[] {
  return [
    ...(config.BEES_SUBMITTER_KEY === undefined ? [] : [new SigningKey(config.BEES_SUBMITTER_KEY).trusted()]),
    ...(config.BEES_TRUSTED_SUBMITTERS === undefined ? [] : parseTrustedKeys(config.BEES_TRUSTED_SUBMITTERS)),
  ]
}
