/** What the clock on the wall shows in a zone, and back. */

import { zoneOffset } from '../time.ts'

export interface WallTime {
  readonly year: number
  /** 1 to 12 */
  readonly month: number
  readonly day: number
  /** 0 = Sunday */
  readonly weekday: number
  readonly hour: number
  readonly minute: number
  readonly second: number
}

const offsets = new Map<string, (ms: number) => number>([['UTC', () => 0]])

function offsetMsAt(ms: number, timeZone: string): number {
  const known = offsets.get(timeZone) ?? zoneOffset(timeZone)
  offsets.set(timeZone, known)
  return known(ms) * 1000
}

export function wallTime(ms: number, timeZone: string): WallTime {
  const local = new Date(ms + offsetMsAt(ms, timeZone))
  return {
    year: local.getUTCFullYear(),
    month: local.getUTCMonth() + 1,
    day: local.getUTCDate(),
    weekday: local.getUTCDay(),
    hour: local.getUTCHours(),
    minute: local.getUTCMinutes(),
    second: local.getUTCSeconds(),
  }
}

const dayMs = 86_400_000

/** The first instant of a day; months and days beyond the end carry over. Where midnight is skipped, what follows it. */
export function earliestInstant(year: number, month: number, day: number, timeZone: string): number {
  const localMs = Date.UTC(year, month - 1, day)
  const candidates = [localMs - dayMs, localMs + dayMs].map((ms) => localMs - offsetMsAt(ms, timeZone))
  const reached = candidates.filter((ms) => ms + offsetMsAt(ms, timeZone) >= localMs)
  return Math.min(...reached)
}
