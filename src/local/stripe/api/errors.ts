/** An answer that is not 200, as Stripe words it. */
export class StripeApiError extends Error {
  override readonly name = 'StripeApiError'
  readonly status: number
  readonly body: { readonly error: Readonly<Record<string, unknown>> }
  readonly headers: Readonly<Record<string, string>>

  constructor(
    status: number,
    error: { readonly message: string; readonly [member: string]: unknown },
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(error.message)
    this.status = status
    this.body = { error: { type: 'invalid_request_error', ...error } }
    this.headers = headers
  }
}

export const missing = (what: string, id: string, hint = ''): StripeApiError =>
  new StripeApiError(404, {
    code: 'resource_missing',
    doc_url: 'https://stripe.com/docs/error-codes/resource-missing',
    message: `No such ${what}: '${id}'${hint}`,
    param: 'id',
  })

/** Of what it may once have known. 404 would say that it has been deleted. */
export const forgotten = (what: string): StripeApiError =>
  new StripeApiError(403, { code: 'unknown_world', message: `This Stripe has never heard of that ${what}.` })

export const badParameter = (param: string, message: string, code = 'parameter_invalid'): StripeApiError =>
  new StripeApiError(400, { code, message, param })

const retryAfter = (seconds: number | null): Record<string, string> =>
  seconds === null ? {} : { 'retry-after': String(seconds) }

export const rateLimited = (seconds: number | null): StripeApiError =>
  new StripeApiError(
    429,
    { code: 'rate_limit', message: 'Request rate limit exceeded. Learn more about rate limits in our documentation.' },
    { ...retryAfter(seconds), 'stripe-rate-limited-reason': 'endpoint-rate' },
  )

export const lockTimeout = (seconds: number | null): StripeApiError =>
  new StripeApiError(
    429,
    {
      code: 'lock_timeout',
      message: 'This object cannot be accessed right now because another API request or Stripe process is using it.',
    },
    retryAfter(seconds),
  )

export const serverError = (): StripeApiError =>
  new StripeApiError(500, { type: 'api_error', message: 'An unknown error occurred.' })

export const unauthorized = (message: string): StripeApiError => new StripeApiError(401, { message })

export const forbidden = (): StripeApiError =>
  new StripeApiError(403, {
    code: 'account_invalid',
    message: 'The provided key does not have access to this account, or that account does not exist.',
  })
