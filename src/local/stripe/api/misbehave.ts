import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { forbidden, lockTimeout, rateLimited, type StripeApiError, serverError, unauthorized } from './errors.ts'
import type { StripeFault } from './faults.ts'
import type { Outcome } from './outcome.ts'

const refusals: Partial<Record<StripeFault['kind'], (seconds: number | null) => StripeApiError>> = {
  rate_limit: rateLimited,
  lock_timeout: lockTimeout,
  server_error: serverError,
  unauthorized: () => unauthorized('Invalid API Key provided.'),
  forbidden,
}

/**
 * Lets a fault strike. Gives what is to be answered after all; undefined when the fault has answered itself, or nobody
 * will.
 */
export async function misbehave(
  fault: StripeFault,
  response: ServerResponse,
  outcome: Outcome,
): Promise<Outcome | undefined> {
  const refusal = refusals[fault.kind]?.(fault.retryAfterSeconds)
  if (refusal !== undefined) return { status: refusal.status, body: refusal.body, headers: refusal.headers }
  const text = JSON.stringify(outcome.body, null, 2)
  const begin = (length: number): void => {
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': String(length),
    })
  }
  switch (fault.kind) {
    case 'latency':
      await gone(response, fault.delayMs)
      return outcome
    case 'reset':
      response.destroy()
      return undefined
    case 'not_json':
      begin(9)
      response.end('not JSON!')
      return undefined
    case 'empty_404':
      response.writeHead(404, { 'content-length': '0' }).end()
      return undefined
    case 'stall':
      begin(Buffer.byteLength(text))
      response.write(text.slice(0, text.length / 2))
      return undefined
    case 'drip':
      begin(Buffer.byteLength(text))
      for (const byte of Buffer.from(text)) {
        response.write(Buffer.of(byte))
        await gone(response, fault.delayMs)
        if (response.destroyed) break
      }
      return undefined
    default:
      // hang: not a byte until the caller leaves.
      return undefined
  }
}

/** Waits, but not for somebody who has left. */
async function gone(response: ServerResponse, delayMs: number): Promise<void> {
  const left = new AbortController()
  const leave = (): void => left.abort()
  response.once('close', leave)
  await sleep(delayMs, undefined, { signal: left.signal, ref: false }).catch(() => undefined)
  response.off('close', leave)
}
