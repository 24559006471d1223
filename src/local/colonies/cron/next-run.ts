/** When a schedule fires next. Pure. */

import type { Calendar, Schedule } from './cron-expression.ts'
import { earliestInstant, type WallTime, wallTime } from './wall-time.ts'

/** A date that does not come within five years never comes, as in the original. */
const horizonYears = 5

/**
 * The first whole second after `afterMs` at which the schedule fires, in milliseconds since 1970; undefined when that
 * is never. Local times that a clock change skips do not fire; those that it repeats fire each time.
 */
export function nextRun(schedule: Schedule, afterMs: number): number | undefined {
  const startMs = Math.floor(afterMs / 1000) * 1000
  if (schedule.kind === 'every') return startMs + schedule.seconds * 1000
  const { timeZone } = schedule
  const lastYear = wallTime(afterMs, timeZone).year + horizonYears
  let candidateMs = startMs + 1000
  for (;;) {
    const wall = wallTime(candidateMs, timeZone)
    if (wall.year > lastYear) return undefined
    if (!schedule.months.has(wall.month)) {
      candidateMs = later(candidateMs, earliestInstant(wall.year, wall.month + 1, 1, timeZone))
    } else if (!dayFits(schedule, wall)) {
      candidateMs = later(candidateMs, earliestInstant(wall.year, wall.month, wall.day + 1, timeZone))
    } else if (!schedule.hours.has(wall.hour)) {
      candidateMs += (3600 - wall.minute * 60 - wall.second) * 1000
    } else if (!schedule.minutes.has(wall.minute)) {
      candidateMs += (60 - wall.second) * 1000
    } else if (!schedule.seconds.has(wall.second)) {
      candidateMs += 1000
    } else {
      return candidateMs
    }
  }
}

/** A clock set back over midnight must not send the search back. */
function later(currentMs: number, proposedMs: number): number {
  return proposedMs > currentMs ? proposedMs : currentMs + 3_600_000
}

function dayFits({ days, weekdays, bothDays }: Calendar, wall: WallTime): boolean {
  const dateFits = days.has(wall.day)
  const weekdayFits = weekdays.has(wall.weekday)
  return bothDays ? dateFits && weekdayFits : dateFits || weekdayFits
}
