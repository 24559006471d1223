import { Buffer } from 'node:buffer'

interface Entry {
  readonly text: string
  readonly key: Uint8Array
  readonly body: string
}

/**
 * Remembers the signed bodies of messages that are sent again and again. Signatures are deterministic and an assign
 * carries neither time nor nonce, so the same message of the same key is the same body for ever.
 */
export class SignatureMemo {
  readonly #limit: number
  readonly #entries: Entry[] = []

  /** @param limit how many bodies are kept; the one unused for longest goes first. */
  constructor(limit = 32) {
    this.#limit = limit
  }

  /** The body for this message and key, made by `seal` when it is not remembered. */
  body(text: string, key: Uint8Array, seal: () => string): string {
    const index = this.#entries.findIndex((entry) => entry.text === text && Buffer.compare(entry.key, key) === 0)
    const known = index === -1 ? undefined : this.#entries.splice(index, 1)[0]
    const entry = known ?? { text, key, body: seal() }
    this.#entries.unshift(entry)
    if (this.#entries.length > this.#limit) this.#entries.pop()
    return entry.body
  }
}
