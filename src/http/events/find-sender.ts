import { createHash, timingSafeEqual } from 'node:crypto'
import type { EventsSecret, Mandate } from './types.ts'

export interface Sender {
  readonly tenant: string
  readonly mandate: Mandate
  /** Which of the configured secrets it was: names its rate limit. */
  readonly index: number
}

const digest = (text: string) => createHash('sha256').update(text, 'utf8').digest()

/**
 * Finds whose secret a request carries, in `Authorization: Bearer …` or `x-events-secret`. Digests of one length are
 * compared, each to its end, and every secret is looked at: how long it takes says nothing about how much was right.
 */
export function senderFinder(secrets: readonly EventsSecret[]): (headers: Headers) => Sender | undefined {
  const known = secrets.map(({ secret, ...sender }, index) => ({ ...sender, index, digest: digest(secret) }))
  return (headers) => {
    const given = digest(givenSecret(headers))
    let found: Sender | undefined
    for (const { digest: expected, ...sender } of known) {
      if (timingSafeEqual(given, expected)) found = sender
    }
    return found
  }
}

function givenSecret(headers: Headers): string {
  const own = headers.get('x-events-secret')
  if (own !== null) return own.trim()
  return /^bearer[ ]+(\S+)\s*$/i.exec(headers.get('authorization') ?? '')?.[1] ?? ''
}
