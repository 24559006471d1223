import { describe, expect, it } from 'vitest'

import { CronSyntaxError, parseCronExpression } from '../../../src/local/colonies/cron/cron-expression.ts'
import { parseDuration } from '../../../src/local/colonies/cron/go-duration.ts'
import { nextRun } from '../../../src/local/colonies/cron/next-run.ts'

const next = (expression: string, after: string, zone = 'UTC') => {
  const ms = nextRun(parseCronExpression(expression, zone), Date.parse(after))
  return ms === undefined ? 'never' : new Date(ms).toISOString().replace('.000Z', 'Z')
}

describe('a cron expression fires next', () => {
  it.each([
    ['* * * * * *', '2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z'],
    ['* * * * * *', '2026-01-01T00:00:00.999Z', '2026-01-01T00:00:01Z'],
    ['*/2 * * * * *', '2026-01-01T00:00:02Z', '2026-01-01T00:00:04Z'],
    ['30/10 * * * * *', '2026-01-01T00:00:51Z', '2026-01-01T00:01:30Z'],
    ['0 5,10-12 * * * *', '2026-01-01T00:05:00Z', '2026-01-01T00:10:00Z'],
    ['0 0-30/15 9-17 * * MON-fri', '2026-01-02T17:30:00Z', '2026-01-05T09:00:00Z'],
    ['0 0 3 1 1 *', '2026-01-01T03:00:00Z', '2027-01-01T03:00:00Z'],
    ['0 0 0 29 2 *', '2026-01-01T00:00:00Z', '2028-02-29T00:00:00Z'],
    ['0 0 0 ? feb ?', '2026-12-31T23:59:59Z', '2027-02-01T00:00:00Z'],
    // Both restricted: the 13th or a Friday.
    ['0 0 0 13 * 5', '2026-01-10T00:00:00Z', '2026-01-13T00:00:00Z'],
    ['0 0 0 13 * 5', '2026-01-13T00:00:00Z', '2026-01-16T00:00:00Z'],
    // A star with a step restricts; a star with step 1 does not.
    ['0 0 0 */31 * 5', '2026-01-10T00:00:00Z', '2026-01-16T00:00:00Z'],
    ['0 0 0 13 * */1', '2026-01-14T00:00:00Z', '2026-02-13T00:00:00Z'],
    ['  0   0 12 * *\t*  ', '2026-01-01T12:00:00Z', '2026-01-02T12:00:00Z'],
    ['+5 * * * * *', '2026-01-01T00:00:05Z', '2026-01-01T00:01:05Z'],
    ['0 0 0 31 2 *', '2026-01-01T00:00:00Z', 'never'],
    ['@yearly', '2026-06-01T00:00:00Z', '2027-01-01T00:00:00Z'],
    ['@annually', '2026-06-01T00:00:00Z', '2027-01-01T00:00:00Z'],
    ['@monthly', '2026-06-01T00:00:00Z', '2026-07-01T00:00:00Z'],
    ['@weekly', '2026-06-03T00:00:00Z', '2026-06-07T00:00:00Z'],
    ['@daily', '2026-06-03T00:00:00Z', '2026-06-04T00:00:00Z'],
    ['@midnight', '2026-06-03T00:00:00Z', '2026-06-04T00:00:00Z'],
    ['@hourly', '2026-06-03T00:00:00Z', '2026-06-03T01:00:00Z'],
    ['@every 1h30m', '2026-06-03T00:00:00.700Z', '2026-06-03T01:30:00Z'],
    ['@every 300ms', '2026-06-03T00:00:00Z', '2026-06-03T00:00:01Z'],
    ['@every -5s', '2026-06-03T00:00:00Z', '2026-06-03T00:00:01Z'],
    ['TZ=Europe/Stockholm 0 0 3 * * *', '2026-07-01T00:00:00Z', '2026-07-01T01:00:00Z'],
    ['CRON_TZ=Asia/Kolkata 0 0 0 * * *', '2026-07-01T00:00:00Z', '2026-07-01T18:30:00Z'],
    ['TZ=America/New_York @daily', '2026-07-01T00:00:00Z', '2026-07-01T04:00:00Z'],
    ['TZ= 0 0 3 * * *', '2026-07-01T00:00:00Z', '2026-07-01T03:00:00Z'],
    // 02:30 does not exist on 29 March 2026 in Stockholm and exists twice on 25 October.
    ['TZ=Europe/Stockholm 0 30 2 * * *', '2026-03-28T12:00:00Z', '2026-03-30T00:30:00Z'],
    ['TZ=Europe/Stockholm 0 30 2 * * *', '2026-10-24T12:00:00Z', '2026-10-25T00:30:00Z'],
    ['TZ=Europe/Stockholm 0 30 2 * * *', '2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z'],
    // Midnight of 4 November 2018 does not exist in São Paulo.
    ['TZ=America/Sao_Paulo 0 0 1 4 11 *', '2018-11-01T00:00:00Z', '2018-11-04T03:00:00Z'],
    ['TZ=America/Sao_Paulo 0 0 0 * * *', '2018-11-03T12:00:00Z', '2018-11-05T02:00:00Z'],
  ])('%s after %s: %s', (expression, after, expected) => {
    expect(next(expression, after)).toBe(expected)
  })

  it('in the zone of the server when it names none', () => {
    expect(next('0 0 3 * * *', '2026-07-01T00:00:00Z', 'Asia/Tokyo')).toBe('2026-07-01T18:00:00Z')
    expect(next('TZ=Local 0 0 3 * * *', '2026-07-01T00:00:00Z', 'Asia/Tokyo')).toBe('2026-07-01T18:00:00Z')
  })
})

describe('a cron expression is refused', () => {
  it.each([
    '',
    ' ',
    '* * * * *',
    '* * * * * * *',
    '60 * * * * *',
    '* 60 * * * *',
    '* * 24 * * *',
    '* * * 0 * *',
    '* * * 32 * *',
    '* * * * 0 *',
    '* * * * 13 *',
    '* * * * * 7',
    '* * * * foo *',
    '-1 * * * * *',
    '1- * * * * *',
    '5-1 * * * * *',
    '1-2-3 * * * * *',
    '*/0 * * * * *',
    '*/x * * * * *',
    '1/2/3 * * * * *',
    '*-5 * * * * *',
    ', * * * * *',
    '1.5 * * * * *',
    '1e1 * * * * *',
    '99999999999999999999 * * * * *',
    '@never',
    '@Daily',
    '@every',
    '@every ',
    '@every 5',
    '@every x',
    '@toString',
    'TZ=Nowhere/Land * * * * * *',
    'TZ=UTC',
    'TZ=',
    '__proto__ * * * * *',
  ])('%j', (expression) => {
    expect(() => parseCronExpression(expression, 'UTC')).toThrow(CronSyntaxError)
  })

  it('with a short text, however long it is', () => {
    try {
      parseCronExpression(`${'9'.repeat(1_000_000)} * * * * *`, 'UTC')
      expect.unreachable()
    } catch (thrown) {
      expect(String(thrown).length).toBeLessThan(500)
    }
  })
})

describe('a duration', () => {
  it.each([
    ['0', 0],
    ['1h30m', 5_400_000],
    ['1.5s', 1500],
    ['.5s', 500],
    ['2ms3us', 2.003],
    ['-2s', -2000],
    ['', undefined],
    ['5', undefined],
    ['1d', undefined],
    ['1 h', undefined],
    ['9999999h', undefined],
  ])('%j is %j ms', (text, durationMs) => {
    expect(parseDuration(text)).toBe(durationMs)
  })
})
