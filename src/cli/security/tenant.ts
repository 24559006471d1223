import { BeeError } from '../../errors.ts'

/**
 * The tenant that a command is about.
 * @throws BeeError BEE_USAGE for what cannot be the name of one: a slip would look like a quiet night
 */
export function tenantOf({ tenant }: { readonly tenant: string }): string {
  if (/^[a-z0-9][a-z0-9._-]{0,63}$/.test(tenant)) return tenant
  throw new BeeError(
    'BEE_USAGE',
    `--tenant: received "${tenant.slice(0, 80)}", expected up to 64 of a-z, 0-9, ".", "_" and "-".`,
  )
}
