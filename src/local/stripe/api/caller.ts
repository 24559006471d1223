import type { IncomingHttpHeaders } from 'node:http'
import type { Shape, Tenant } from '../types.ts'
import { badParameter, forbidden, unauthorized } from './errors.ts'

/** Who asks, and in which version. */
export interface Caller extends Tenant {
  readonly shape: Shape
  readonly version: string | null
}

const keyForm = /^(?:sk|rk)_(test|live)_\w{1,250}$/
const versionForm = /^(\d{4}-\d\d-\d\d)(?:\.\w+)?$/
/** The first version of the new shape. */
const basilFrom = '2025-03-31'

/** @throws StripeApiError 401 for the key, 403 for the account, 400 for the version */
export function callerOf(
  headers: IncomingHttpHeaders,
  { keys, accounts }: { readonly keys: readonly string[] | undefined; readonly accounts: readonly string[] },
): Caller {
  const key = keyOf(headers.authorization)
  if (key === undefined) throw unauthorized('You did not provide an API key.')
  const mode = keyForm.exec(key)?.[1]
  if (mode === undefined || (keys !== undefined && !keys.includes(key))) {
    throw unauthorized(`Invalid API Key provided: ${key.slice(0, 8)}***`)
  }
  const given = headers['stripe-account']
  const account = typeof given === 'string' ? given : 'self'
  if (account === 'self' ? given !== undefined : !accounts.includes(account)) throw forbidden()
  const version = headers['stripe-version']
  const dated = typeof version === 'string' ? versionForm.exec(version)?.[1] : basilFrom
  if (dated === undefined) throw badParameter('Stripe-Version', 'Invalid Stripe API version.', 'api_version_invalid')
  return {
    account,
    livemode: mode === 'live',
    shape: dated < basilFrom ? 'acacia' : 'basil',
    version: typeof version === 'string' ? version : null,
  }
}

/** `Bearer` or the user name of `Basic`. */
export function keyOf(authorization: string | undefined): string | undefined {
  const [scheme, credentials] = authorization?.split(' ') ?? []
  if (scheme === undefined || credentials === undefined) return undefined
  if (scheme.toLowerCase() === 'bearer') return credentials
  if (scheme.toLowerCase() !== 'basic') return undefined
  return Buffer.from(credentials, 'base64').toString('utf8').split(':')[0]
}
