import type { Environment } from '../../../src/bee/index.ts'

/** Where Stripe is and with which keys it is asked. */
export interface StripeSettings {
  readonly protocol: 'http' | 'https'
  readonly host: string
  /** As stripe-node wants it; 443 and 80 too. */
  readonly port: string
  /** The key of a mode, undefined where there is none. */
  keyFor(livemode: boolean): string | undefined
  /** Whether there is any. */
  readonly hasKey: boolean
}

const stripesOwn = 'https://api.stripe.com'
/** Secret and restricted keys. */
const keyForm = /^(?:sk|rk)_(live|test)_\w+$/

/**
 * From STRIPE_SECRET_KEY (one key, or one of each mode separated by a comma) and STRIPE_API_URL. Which mode a key is for
 * is written in it, so that a live object is never asked for with a test key or the other way round.
 *
 * @throws TypeError that names the variable, never its value
 */
export function stripeSettings(env: Environment): StripeSettings {
  const keys = keysOf(env['STRIPE_SECRET_KEY'] ?? '')
  const url = urlOf(env['STRIPE_API_URL'] || stripesOwn)
  const protocol = url.protocol === 'http:' ? 'http' : 'https'
  if (protocol === 'http' && keys.has(true) && !isLoopback(url.hostname)) {
    throw new TypeError('STRIPE_API_URL: expected https, since a live key would travel in clear')
  }
  return Object.freeze({
    protocol,
    host: url.hostname,
    port: url.port || (protocol === 'http' ? '80' : '443'),
    keyFor: (livemode: boolean) => keys.get(livemode),
    hasKey: keys.size > 0,
  })
}

function keysOf(text: string): ReadonlyMap<boolean, string> {
  const keys = new Map<boolean, string>()
  for (const part of text.split(',')) {
    const key = part.trim()
    if (key === '') continue
    const mode = keyForm.exec(key)?.[1]
    if (mode === undefined)
      throw new TypeError('STRIPE_SECRET_KEY: expected sk_live_…, sk_test_…, rk_live_… or rk_test_…')
    const livemode = mode === 'live'
    if (keys.has(livemode)) throw new TypeError(`STRIPE_SECRET_KEY: expected one ${mode} key, received several`)
    keys.set(livemode, key)
  }
  return keys
}

function urlOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const plain = url !== undefined && url.username === '' && url.pathname === '/' && url.search === '' && url.hash === ''
  if (!plain || !/^https?:$/.test(url.protocol)) {
    throw new TypeError('STRIPE_API_URL: expected an http(s) URL of a host alone, without a path')
  }
  return url
}

const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127\./.test(hostname)
