import { BeeError, type Environment, z } from '../../../src/bee/index.ts'
import { ipPolicies } from './ip-address.ts'
import { createPseudonymiser, type Pseudonymiser } from './pseudonym.ts'

/** What the tasks that take events in need. */
export interface IngestServices {
  /** Tenant of what comes from this project itself: hooks, puller, the hive. */
  readonly tenant: string
  readonly retentionDays: number
  /** Whether there is a key; without one no event can be taken in. */
  readonly isOn: boolean
  /** @throws BeeError BEE_CONFIG_INVALID without a key */
  pseudonymsOf(tenant: string): Pseudonymiser
}

/** The variables with what they must look like; src/config.ts describes them. */
const settings = z.object({
  SECURITY_PSEUDONYM_KEY: z
    .string()
    .regex(/^[0-9a-fA-F]{64}$/, 'expected 64 hex digits (32 bytes)')
    .optional(),
  SECURITY_IP_POLICY: z.enum(ipPolicies, 'expected keep, truncate or hash').default('keep'),
  SECURITY_RETENTION_DAYS: z.coerce.number('expected 1 to 400').int().min(1).max(400).default(30),
  SECURITY_TENANT: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'expected lower-case letters, digits, dot, underscore, hyphen')
    .default('default'),
})

const mostTenants = 10_000

/** @throws BeeError BEE_CONFIG_INVALID that names the variable, never what stands in it */
export function createIngestServices(env: Environment): IngestServices {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''))
  const parsed = settings.safeParse(given)
  if (!parsed.success) {
    const mistakes = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
    throw new BeeError('BEE_CONFIG_INVALID', mistakes.join('\n  '))
  }
  const config = parsed.data
  const made = new Map<string, Pseudonymiser>()
  return Object.freeze<IngestServices>({
    tenant: config.SECURITY_TENANT,
    retentionDays: config.SECURITY_RETENTION_DAYS,
    isOn: config.SECURITY_PSEUDONYM_KEY !== undefined,
    pseudonymsOf(tenant) {
      const known = made.get(tenant)
      if (known !== undefined) return known
      const key = config.SECURITY_PSEUDONYM_KEY
      if (key === undefined) {
        throw new BeeError(
          'BEE_CONFIG_INVALID',
          'SECURITY_PSEUDONYM_KEY is not set: without it no event can be taken in. Set it to 64 hex digits, for example from `openssl rand -hex 32`, and never change it.',
        )
      }
      const pseudonyms = createPseudonymiser({ key, ipPolicy: config.SECURITY_IP_POLICY }, tenant)
      if (made.size < mostTenants) made.set(tenant, pseudonyms)
      return pseudonyms
    },
  })
}
