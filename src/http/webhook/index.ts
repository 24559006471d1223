export { createStripeWebhook } from './create-stripe-webhook.ts'
export { handledEventTypes } from './event-types.ts'
export type {
  Direct,
  DirectOptions,
  DirectResult,
  StoreDeadLetter,
  StripeEventInput,
  StripeWebhookOptions,
  Submit,
  SubmitBreaker,
  SubmitOptions,
  WebhookBudget,
  WebhookDeadLetter,
} from './types.ts'
