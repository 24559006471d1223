export { createEventsIngress } from './create-events-ingress.ts'
export type { EventsIngressOptions, EventsSecret, RecordedItems, RecordItems } from './types.ts'
