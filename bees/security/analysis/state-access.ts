import type { Json } from '../../../src/bee/index.ts'

/** State rows of one tenant as an analysis sees them: reads fall through to what was loaded, writes are remembered. */
export interface StateAccess {
  /** @returns undefined for a row that does not exist, or that was removed in this analysis */
  get(key: string): Json | undefined
  /** @param state null removes the row */
  set(key: string, state: Json | null): void
}

export interface Overlay extends StateAccess {
  /** Rows that are to be written; null: to be removed. A row that was written and removed again and never existed is absent. */
  readonly changed: ReadonlyMap<string, Json | null>
}

/** An overlay over rows that it does not touch. */
export function overlay(base: ReadonlyMap<string, Json>): Overlay {
  const changed = new Map<string, Json | null>()
  return {
    changed,
    get: (key) => {
      const own = changed.get(key)
      return own === undefined ? base.get(key) : (own ?? undefined)
    },
    set: (key, state) => {
      if (state === null && !base.has(key)) changed.delete(key)
      else changed.set(key, state)
    },
  }
}
