/**
 * Times inside this server are whole microseconds since 1970 as a number (safe until the year 2255); 0 means unset.
 * On the wire they are RFC 3339 in the server's zone; unset is Go's zero time, year 1, in that zone.
 */

import { hrtime } from 'node:process'

export interface Clock {
  /** Microseconds since 1970; strictly increasing, so that submission order is a total order. */
  nowUs(): number
}

export function createClock(): Clock {
  const offsetUs = Date.now() * 1000 - Number(hrtime.bigint() / 1000n)
  let lastUs = 0
  return {
    nowUs() {
      const wallUs = Date.now() * 1000
      const fineUs = Number(hrtime.bigint() / 1000n) + offsetUs
      // The fine clock drifts from the wall clock when that is corrected; then the wall clock wins.
      const us = Math.abs(fineUs - wallUs) < 50_000 ? fineUs : wallUs
      lastUs = Math.max(us, lastUs + 1)
      return lastUs
    },
  }
}

export type FormatTime = (us: number) => string

/**
 * Local mean time before 1900, seconds east of Greenwich, where Node's zone data has merged a zone into a neighbour
 * that agrees with it since 1970 only.
 */
const localMeanTimeS: Readonly<Record<string, number>> = {
  'Europe/Stockholm': 4332,
  'Europe/Oslo': 2580,
  'Europe/Copenhagen': 3020,
  'Europe/Amsterdam': 1172,
}

const zeroTimeMs = -62_135_596_800_000

/** A formatter for one zone (IANA name). `UTC` is the fast path. */
export function timeFormatter(timeZone: string): FormatTime {
  const offsetAt = timeZone === 'UTC' ? () => 0 : zoneOffset(timeZone)
  const zero = format(zeroTimeMs * 1000, localMeanTimeS[timeZone] ?? offsetAt(zeroTimeMs))
  let cachedHour = Number.NaN
  let cachedOffsetS = 0
  return (us) => {
    if (us === 0) return zero
    const hour = Math.floor(us / 900_000_000)
    if (hour !== cachedHour) {
      cachedHour = hour
      cachedOffsetS = offsetAt(us / 1000)
    }
    return format(us, cachedOffsetS)
  }
}

function format(us: number, offsetS: number): string {
  const seconds = Math.floor(us / 1_000_000)
  const fraction = String(us - seconds * 1_000_000)
    .padStart(6, '0')
    .replace(/0+$/, '')
  const iso = new Date((seconds + offsetS) * 1000).toISOString()
  // Year 1 minus an offset is year 0, which toISOString writes with four digits as well.
  const local = iso.slice(0, iso.indexOf('.'))
  return `${local}${fraction === '' ? '' : `.${fraction}`}${zoneSuffix(offsetS)}`
}

function zoneSuffix(offsetS: number): string {
  if (offsetS === 0) return 'Z'
  const minutes = Math.trunc(Math.abs(offsetS) / 60)
  const pad = (value: number) => String(value).padStart(2, '0')
  return `${offsetS < 0 ? '-' : '+'}${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`
}

/** Seconds east of Greenwich at a moment, local mean time included. */
export function zoneOffset(timeZone: string): (ms: number) => number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    era: 'short',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
    hourCycle: 'h23',
  })
  return (ms) => {
    const whole = Math.floor(ms / 1000) * 1000
    const found = Object.fromEntries(parts.formatToParts(whole).map((part) => [part.type, part.value]))
    const year = found['era'] === 'BC' ? 1 - Number(found['year']) : Number(found['year'])
    const local = new Date(0)
    local.setUTCFullYear(year, Number(found['month']) - 1, Number(found['day']))
    local.setUTCHours(Number(found['hour']), Number(found['minute']), Number(found['second']))
    return Math.round((local.getTime() - whole) / 1000)
  }
}
