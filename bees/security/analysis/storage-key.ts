import { createHash } from 'node:crypto'
import type { Json } from '../../../src/bee/index.ts'

const longestBytes = 600
const dayMs = 24 * 3_600_000
/** What says nothing itself: longer than any rule looks back without saying so. */
const keptMs = 120 * dayMs

/** A state's key as its table can index it. */
export const storageKey = (key: string): string =>
  Buffer.byteLength(key, 'utf8') <= longestBytes ? key : `#${createHash('sha256').update(key, 'utf8').digest('hex')}`

/** Event time after which a row counts as absent: its own `x`, milliseconds, where it has one. */
export function expiryMs(state: Json, watermarkMs: number): number {
  const own =
    typeof state === 'object' && state !== null && !Array.isArray(state) ? (state as { x?: Json }).x : undefined
  return typeof own === 'number' && Number.isFinite(own) ? Math.max(0, Math.ceil(own)) : watermarkMs + keptMs
}
