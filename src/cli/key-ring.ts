import { toBeeError } from '../errors.ts'
import type { Ledger, PublishedKey } from '../ledger/index.ts'
import type { Clock } from '../resilience/index.ts'
import type { Log } from '../telemetry/index.ts'
import { type Jwks, jwksOf, publishedKey, type SigningKey } from '../trust/index.ts'

export interface KeyRingOptions {
  readonly ledger: Pick<Ledger, 'publishKey' | 'keys'>
  readonly receiptKey: SigningKey
  readonly clock: Clock
  readonly log: Log
}

export interface KeyRing {
  /** Publishes the receipt key in the ledger, in the background, until it is there. */
  publish(): void
  /** Keys of this and earlier hives; this hive's own alone while the database is away. */
  jwks(): Promise<Jwks>
  stop(): void
}

const againAfterMs = 5000
const callMs = 5000
const freshForMs = 30_000

export function createKeyRing({ ledger, receiptKey, clock, log }: KeyRingOptions): KeyRing {
  const stopping = new AbortController()
  const own = receiptKey.trusted()
  let known: readonly PublishedKey[] = []
  let knownAtMs = Number.NEGATIVE_INFINITY

  const publish = async () => {
    while (!stopping.signal.aborted) {
      try {
        const key: PublishedKey = {
          kid: receiptKey.kid,
          x: own.x,
          use: 'receipt',
          // Receipts carry whole seconds.
          not_before: new Date(Math.floor(clock.now() / 1000) * 1000 - 1000).toISOString(),
          not_after: null,
        }
        await ledger.publishKey(key, { deadlineMs: clock.monotonicMs() + callMs, signal: stopping.signal })
        return
      } catch (error) {
        log.warn({ error: toBeeError(error) }, 'the receipt key is not published yet')
        await clock.sleep(againAfterMs, stopping.signal)
      }
    }
  }

  return {
    publish: () => void publish(),
    stop: () => stopping.abort(),
    async jwks() {
      if (clock.monotonicMs() - knownAtMs > freshForMs) {
        try {
          known = await ledger.keys({ deadlineMs: clock.monotonicMs() + callMs })
          knownAtMs = clock.monotonicMs()
        } catch (error) {
          log.warn({ error: toBeeError(error) }, 'the keys in the ledger cannot be read')
        }
      }
      const published = known.filter(({ use }) => use === 'receipt').map(publishedKey)
      return jwksOf(published.some(({ kid }) => kid === own.kid) ? published : [own, ...published])
    },
  }
}
