/** Spans of simulated time, milliseconds, and how active people are at an hour of their week. */
export const second = 1_000
export const minute = 60 * second
export const hour = 60 * minute
export const day = 24 * hour

/** Simulated time begins here: Monday 2026-03-02 00:00 UTC. */
export const epochMs = Date.UTC(2026, 2, 2)

const hours = [1, 0.5, 0.3, 0.2, 0.3, 0.8, 2, 4, 8, 10, 10, 9, 7, 8, 9, 9, 8, 7, 6, 6, 6, 5, 4, 2]
const total = hours.reduce((sum, each) => sum + each, 0)

/** 1 on a working day, less at the weekend. `dayIndex` counts from the epoch, a Monday. */
export function weekdayFactor(dayIndex: number): number {
  return [1, 1.05, 1.05, 1, 0.9, 0.45, 0.4][((dayIndex % 7) + 7) % 7] ?? 1
}

/** A time of day (ms since the local midnight) drawn from the daily rhythm; `u` is a random number below 1. */
export function timeOfDayMs(u: number): number {
  let rest = u * total
  for (let index = 0; index < hours.length; index += 1) {
    const weight = hours[index] ?? 0
    if (rest < weight) return (index + rest / weight) * hour
    rest -= weight
  }
  return day - 1
}

/** How busy the hour of the day is, 0 to 1. */
export function activityAt(timeMs: number, utcOffsetHours: number): number {
  const local = Math.floor((timeMs / hour + utcOffsetHours) % 24)
  return (hours[(local + 24) % 24] ?? 0) / 10
}
