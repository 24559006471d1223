import type { Metrics } from '../telemetry/index.ts'
import { type HiveStatus, statusPage } from './status-page.ts'

/** Everything the routes need from the rest of the hive. */
export interface RouteSources {
  readonly metrics: Pick<Metrics, 'render'>
  readonly status: () => HiveStatus
  /** The JSON Web Key Set of the receipt keys: this hive's own and those in the ledger. */
  readonly jwks: () => Promise<unknown>
  /** The Stripe webhook; absent when no signing secret is configured. */
  readonly stripeWebhook?: ((request: Request) => Promise<Response>) | undefined
  /** Takes security events; absent when no secret is configured. */
  readonly events?: ((request: Request) => Promise<Response>) | undefined
}

export interface Route {
  readonly method: 'GET' | 'ALL'
  readonly path: string
  readonly about: string
  readonly handle: (request: Request) => Response | Promise<Response>
}

/** All routes of the hive, in one list. /livez, /readyz and /startupz are answered by the front. */
export function routes(sources: RouteSources): readonly Route[] {
  const { stripeWebhook, events } = sources
  return [
    {
      method: 'GET',
      path: '/',
      about: 'status page',
      handle: () =>
        new Response(statusPage(sources.status()), { headers: { 'content-type': 'text/html; charset=utf-8' } }),
    },
    { method: 'GET', path: '/status.json', about: 'the same as JSON', handle: () => Response.json(sources.status()) },
    {
      method: 'GET',
      path: '/metrics',
      about: 'Prometheus metrics',
      handle: async () =>
        new Response(await sources.metrics.render(), {
          headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' },
        }),
    },
    {
      method: 'GET',
      path: '/.well-known/jwks.json',
      about: 'public keys of the receipts',
      handle: async () => Response.json(await sources.jwks(), { headers: { 'cache-control': 'public, max-age=300' } }),
    },
    ...(stripeWebhook === undefined
      ? []
      : [{ method: 'ALL' as const, path: '/webhooks/stripe', about: 'Stripe webhook', handle: stripeWebhook }]),
    ...(events === undefined
      ? []
      : [{ method: 'ALL' as const, path: '/events', about: 'security events', handle: events }]),
  ]
}
