export type { Actions, Line, NewCheckout, NewCustomer, NewSubscription, Payment } from './actions.ts'
export { createStripeFaults, type StripeFault, type StripeFaultInput, type StripeFaults } from './api/faults.ts'
export { type SeenRequest, type StripeApi, type StripeApiOptions, startStripeApi } from './api/start-stripe-api.ts'
export { createWorld } from './create-world.ts'
export type * from './models.ts'
export { type PriceParts, priceOf } from './prices.ts'
export { createRandom, type Random } from './random.ts'
export { type LocalStripeOptions, startLocalStripe } from './start-local-stripe.ts'
export {
  type deliveryOrder,
  deliveryPath,
  deliveryReply,
  type sceneOrder,
  scenePath,
  sceneReply,
} from './story/story-control.ts'
export type {
  Final,
  Kind,
  Retrieve,
  Shape,
  StripeJson,
  Tenant,
  Version,
  World,
  WorldEvent,
  WorldOptions,
} from './types.ts'
