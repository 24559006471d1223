import { createHmac, randomBytes } from 'node:crypto'
import type { Bee } from '../bee/index.ts'
import { generatePrivateKey, identityOf, parsePrivateKey } from '../colonies/index.ts'

/** Who one bee of one hive is at the broker. */
export interface Identity {
  readonly key: Uint8Array
  /** 64 hex digits. */
  readonly id: string
  readonly executorName: string
}

const HOST_LENGTH = 32

/**
 * A fresh identity: a key that lives in memory only, and a name that was never used, since the broker takes a name
 * once.
 * @param host name of the machine or pod
 */
export function freshIdentity(bee: Bee, host: string): Identity {
  const key = generatePrivateKey()
  const place = host.replace(/[^A-Za-z0-9._-]/g, '-').slice(0, HOST_LENGTH)
  return { key, id: identityOf(key), executorName: `${bee.executorType}-${place}-${randomBytes(6).toString('hex')}` }
}

/**
 * The identity that belongs to a fixed key: an executor key for each bee is derived from one base key, because one key
 * can stand for one executor type only. `bees keys` prints the ids that an operator approves.
 */
export function fixedIdentity(bee: Bee, baseKey: Uint8Array): Identity {
  const key = executorKeyFor(bee.name, baseKey)
  const id = identityOf(key)
  return { key, id, executorName: `${bee.executorType}-${id.slice(0, 12)}` }
}

/** HMAC-SHA-256 of the bee's name under the base key; repeated in the case, never seen, that it is no valid key. */
export function executorKeyFor(bee: string, baseKey: Uint8Array): Uint8Array {
  for (let attempt = 0; ; attempt += 1) {
    const hex = createHmac('sha256', baseKey).update(`colony-bees executor ${bee} ${attempt}`).digest('hex')
    try {
      return parsePrivateKey(hex)
    } catch {
      // Zero or above the order of the curve: about once in 2^127.
    }
  }
}
