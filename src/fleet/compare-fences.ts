import type { Fence } from '../ledger/index.ts'

const MICROSECONDS = /\.(\d{1,9})/

/** RFC 3339 as microseconds since 1970; exact, whatever zone and however many digits the broker wrote. */
function microsecondsOf(starttime: string): number {
  const fraction = MICROSECONDS.exec(starttime)?.[1] ?? ''
  const whole = Date.parse(starttime.replace(MICROSECONDS, ''))
  return whole * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6))
}

/** Orders two assignments of one process: negative when `a` is the older one, 0 when they are the same. */
export function compareFences(a: Fence, b: Fence): number {
  return a.retries - b.retries || microsecondsOf(a.starttime) - microsecondsOf(b.starttime)
}
