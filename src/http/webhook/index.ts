export { createStripeWebhook } from './create-stripe-webhook.ts'
export { handledEventTypes } from './event-types.ts'
export type {
  Direct,
  DirectOptions,
  DirectResult,
  SnapshotInput,
  StoreDeadLetter,
  StripeEventInput,
  StripeWebhookOptions,
  Submit,
  SubmitBreaker,
  SubmitOptions,
  ThinInput,
  WebhookBudget,
  WebhookDeadLetter,
} from './types.ts'
