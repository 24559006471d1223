import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { parseCronExpression } from '../../../src/local/colonies/cron/cron-expression.ts'
import { nextRun } from '../../../src/local/colonies/cron/next-run.ts'

const seed = Date.now() % 2 ** 31
const zones = [
  'UTC',
  'Europe/Stockholm',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'America/Sao_Paulo',
  'America/New_York',
]
/** Around changes of the clock in those zones, and quiet days. */
const moments = [
  '2026-03-29T00:00:00Z',
  '2026-10-25T00:00:00Z',
  '2026-04-04T14:00:00Z',
  '2026-10-03T14:00:00Z',
  '2018-11-04T02:00:00Z',
  '2018-02-18T01:00:00Z',
  '2026-11-01T05:00:00Z',
  '2028-02-28T12:00:00Z',
  '2026-12-31T20:00:00Z',
]

interface Wall {
  readonly [part: string]: number
}

/** The clock on the wall, by way of Intl alone: independent of the code under test. */
function wallClock(zone: string): (ms: number) => Wall {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
    hourCycle: 'h23',
  })
  return (ms) => {
    const parts = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]))
    const { year = 0, month = 1, day = 1 } = parts
    return { ...parts, weekday: new Date(Date.UTC(year, month - 1, day)).getUTCDay() }
  }
}

const someOf = (min: number, max: number) =>
  fc.option(fc.uniqueArray(fc.integer({ min, max }), { minLength: 1, maxLength: 4 }), { nil: undefined })
const arbitrary = fc.record({
  second: fc.integer({ min: 0, max: 59 }),
  minutes: someOf(0, 59),
  hours: someOf(0, 23),
  days: someOf(1, 31),
  weekdays: someOf(0, 6),
  zone: fc.constantFrom(...zones),
  moment: fc.constantFrom(...moments),
  shiftS: fc.integer({ min: -90_000, max: 90_000 }),
})

const horizonMs = 3 * 86_400_000

describe('the next run', () => {
  it(`is the first second that fits, whatever the clock does (seed ${seed})`, () => {
    fc.assert(
      fc.property(arbitrary, ({ second, minutes, hours, days, weekdays, zone, moment, shiftS }) => {
        const afterMs = Date.parse(moment) + shiftS * 1000
        const field = (values: readonly number[] | undefined) => values?.join(',') ?? '*'
        const expression = [second, field(minutes), field(hours), field(days), '*', field(weekdays)].join(' ')
        const found = nextRun(parseCronExpression(`TZ=${zone} ${expression}`, 'UTC'), afterMs)

        const wall = wallClock(zone)
        const has = (values: readonly number[] | undefined, value = -1) =>
          values === undefined || values.includes(value)
        const dayFits = (at: Wall) =>
          days === undefined || weekdays === undefined
            ? has(days, at['day']) && has(weekdays, at['weekday'])
            : days.includes(at['day'] ?? -1) || weekdays.includes(at['weekday'] ?? -1)
        const fits = (ms: number) => {
          const at = wall(ms)
          return at['second'] === second && has(minutes, at['minute']) && has(hours, at['hour']) && dayFits(at)
        }
        // All offsets are whole minutes, so the second of the zone is that of UTC.
        const firstMs = Math.floor(afterMs / 60_000) * 60_000 + second * 1000
        let expected: number | undefined
        for (let ms = firstMs; expected === undefined && ms <= afterMs + horizonMs; ms += 60_000) {
          if (ms > afterMs && fits(ms)) expected = ms
        }
        if (expected !== undefined) expect(found).toBe(expected)
        else expect(found ?? Number.POSITIVE_INFINITY).toBeGreaterThan(afterMs + horizonMs - 60_000)
      }),
      { seed, numRuns: 150 },
    )
  }, 60_000)
})
