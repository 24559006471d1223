import { StripeApiError, serverError } from './errors.ts'

/** What is to be answered. */
export interface Outcome {
  readonly status: number
  readonly body: unknown
  readonly headers: Readonly<Record<string, string>>
}

/** What a piece of work gives, or how Stripe refuses it. */
export function outcomeOf(work: () => unknown): Outcome {
  try {
    return { status: 200, body: work(), headers: {} }
  } catch (error) {
    const { status, body, headers } = error instanceof StripeApiError ? error : serverError()
    return { status, body, headers }
  }
}
