export type { Readiness } from './readiness.ts'
export { type HttpOptions, type HttpServer, startHttp } from './server.ts'
export type { HiveStatus } from './status-page.ts'
export { createStripeWebhook, handledEventTypes, type StripeWebhookOptions } from './webhook/index.ts'
