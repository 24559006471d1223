import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import { keyOf } from './caller.ts'
import { StripeApiError, unauthorized } from './errors.ts'
import { type StripeFaults, stripeFaultSchema } from './faults.ts'

/** What can be asked of the double besides Stripe's own API: by path (`/__story`), JSON in and out. */
export type Control = Readonly<Record<string, (body: unknown) => unknown>>

interface Parts {
  readonly keys?: readonly string[] | undefined
  readonly faultControl?: boolean | undefined
  readonly control?: Control | undefined
  readonly faults: StripeFaults
}

const maxBytes = 256 * 1024
const orders = z.union([
  z.strictObject({ outage: z.boolean() }),
  z.array(stripeFaultSchema),
  stripeFaultSchema.transform((fault) => [fault]),
])

/**
 * `/__faults` (GET lists, POST arms one or a list or switches the outage, DELETE clears) and what was given.
 *
 * @throws StripeApiError 401 without one of the keys, 404 for a path that is not there, 400 for what cannot be read
 */
export async function control(request: IncomingMessage, path: string, parts: Parts): Promise<unknown> {
  const key = keyOf(request.headers.authorization)
  if (key === undefined || (parts.keys !== undefined && !parts.keys.includes(key))) throw unauthorized('Not your key.')
  if (path === '/__faults' && parts.faultControl === true) return controlFaults(request, parts.faults)
  const work = parts.control !== undefined && Object.hasOwn(parts.control, path) ? parts.control[path] : undefined
  if (work === undefined || request.method !== 'POST') throw new StripeApiError(404, { message: `No ${path} here.` })
  return work(await jsonOf(request))
}

async function controlFaults(request: IncomingMessage, faults: StripeFaults): Promise<unknown> {
  if (request.method === 'DELETE') faults.clear()
  if (request.method === 'POST') {
    const parsed = orders.safeParse(await jsonOf(request))
    if (!parsed.success) throw new StripeApiError(400, { message: z.prettifyError(parsed.error) })
    if (Array.isArray(parsed.data)) for (const fault of parsed.data) faults.add(fault)
    else faults.setOutage(parsed.data.outage)
  }
  return { faults: faults.list(), struck: faults.struck(), outage: faults.outage() }
}

async function jsonOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > maxBytes) throw new StripeApiError(400, { message: `More than ${maxBytes} bytes.` })
    chunks.push(chunk)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    throw new StripeApiError(400, { message: 'Not JSON.' })
  }
}
