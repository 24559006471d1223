import type Stripe from 'stripe'

/** An object of Stripe's types as its JSON is: decimals are strings there. */
export type Wire<T> = T extends string
  ? T
  : T extends Stripe.Decimal
    ? string
    : T extends readonly (infer Member)[]
      ? Wire<Member>[]
      : T extends object
        ? { [K in keyof T]: Wire<T[K]> }
        : T
