export { createEventsIngress } from './create-events-ingress.ts'
export { eventsSecrets } from './events-secrets.ts'
export type { EventsIngressOptions, EventsSecret, RecordedItems, RecordItems } from './types.ts'
