import { describe, expect, test } from 'vitest'
import { classify } from '../../src/ledger/classify.ts'
import { retryAfterMs } from '../../src/ledger/retry-after.ts'
import type { Answer } from '../../src/ledger/rpc.ts'

const answer = (status: number, code?: string, over: Partial<Answer> = {}): Answer => ({
  status,
  code,
  json: true,
  data: undefined,
  retryAfterMs: undefined,
  ...over,
})

const TRANSIENT = 'BEE_TRANSACTION_TRANSIENT'
const UNKNOWN = 'BEE_TRANSACTION_UNKNOWN'
const REFUSED = 'BEE_TRANSACTION_REFUSED'
const MISSING = 'BEE_TRANSACTION_MISSING'
const FORBIDDEN = 'BEE_TRANSACTION_FORBIDDEN'
const failureOf = {
  [TRANSIENT]: 'retryable',
  [UNKNOWN]: 'unknown_outcome',
  [REFUSED]: 'terminal',
  [MISSING]: 'retryable',
  [FORBIDDEN]: 'retryable',
}

/** By code, with the HTTP status that PostgREST sends along. */
const byCode: readonly (readonly [verdict: keyof typeof failureOf, status: number, ...codes: string[]])[] = [
  [TRANSIENT, 503, 'PGRST000', 'PGRST001', 'PGRST002'],
  [TRANSIENT, 504, 'PGRST003'],
  [TRANSIENT, 500, 'PGRSTX00'],
  [TRANSIENT, 503, '08000', '08001', '08004', '08P01', '53000', '53100', '53200', '53300', '57P01'],
  [UNKNOWN, 503, '08003', '08006', '08007'],
  [
    TRANSIENT,
    500,
    '53400',
    '40001',
    '40P01',
    '40002',
    '40000',
    '55P03',
    '57014',
    '57P02',
    '57P03',
    '57P05',
    '58000',
    '58030',
    'XX000',
  ],
  [UNKNOWN, 500, '40003'],
  [TRANSIENT, 405, '25006'],
  [TRANSIENT, 500, '25P03'],
  [REFUSED, 409, '23505', '23503'],
  [
    REFUSED,
    400,
    '22000',
    '22003',
    '22007',
    '22023',
    '22P02',
    '22P05',
    '23502',
    '23514',
    '42601',
    '42703',
    '42804',
    '0A000',
    'P0001',
  ],
  [MISSING, 404, '42883', '42P01', 'PGRST202', 'PGRST205'],
  [MISSING, 300, 'PGRST203'],
  [MISSING, 400, '3F000'],
  [FORBIDDEN, 403, '42501', '28000', '28P01'],
  [FORBIDDEN, 401, '42501', 'PGRST301', 'PGRST302', 'PGRST303'],
  [REFUSED, 500, '21000', 'P0000', 'P0002', 'P0003', 'P0004', 'XX001', '54000', '55000'],
  [REFUSED, 400, 'PGRST100', 'PGRST102', 'PGRST204'],
  [REFUSED, 402, 'PT402'],
  [TRANSIENT, 503, 'PT503'],
  [TRANSIENT, 429, 'PT429'],
]

describe('by SQLSTATE or PostgREST code', () => {
  test.each(byCode.flatMap(([verdict, status, ...codes]) => codes.map((code) => [code, status, verdict] as const)))(
    '%s (HTTP %d) is %s',
    (code, status, verdict) => {
      expect(classify(answer(status, code))).toMatchObject({
        code: verdict,
        failure: failureOf[verdict],
        details: { status, sqlstate: code },
        message: expect.stringContaining(code),
      })
    },
  )

  test('the code decides, whatever a proxy makes of the status', () => {
    expect(classify(answer(200, '40P01'))).toMatchObject({ code: TRANSIENT })
    expect(classify(answer(502, '23514'))).toMatchObject({ code: REFUSED })
  })
})

describe('by HTTP status, where nothing else is known', () => {
  test.each([
    [0, UNKNOWN, UNKNOWN],
    [301, REFUSED, TRANSIENT],
    [400, REFUSED, TRANSIENT],
    [401, FORBIDDEN, TRANSIENT],
    [403, FORBIDDEN, TRANSIENT],
    [404, UNKNOWN, UNKNOWN],
    [408, TRANSIENT, TRANSIENT],
    [413, REFUSED, REFUSED],
    [429, TRANSIENT, TRANSIENT],
    [500, UNKNOWN, UNKNOWN],
    [502, UNKNOWN, UNKNOWN],
    [503, TRANSIENT, TRANSIENT],
    [504, UNKNOWN, UNKNOWN],
    [520, UNKNOWN, UNKNOWN],
    [521, TRANSIENT, TRANSIENT],
    [522, TRANSIENT, TRANSIENT],
    [523, TRANSIENT, TRANSIENT],
    [524, UNKNOWN, UNKNOWN],
  ])('%d as JSON is %s, as a page %s', (status, asJson, asPage) => {
    expect(classify(answer(status))).toMatchObject({ code: asJson })
    expect(classify(answer(status, undefined, { json: false }))).toMatchObject({ code: asPage })
  })

  test('a 2xx is no error by itself: the reply decides', () => {
    for (const status of [200, 201, 204]) expect(classify(answer(status))).toBeUndefined()
  })

  test('carries what the other side asked us to wait', () => {
    expect(classify(answer(429, undefined, { retryAfterMs: 7000 }))).toMatchObject({ retryAfterMs: 7000 })
    expect(classify(answer(503, 'PGRST002'))?.retryAfterMs).toBeUndefined()
  })
})

describe('Retry-After', () => {
  const nowMs = Date.parse('2026-01-01T00:00:00Z')
  test.each([
    ['3', 3000],
    [' 120 ', 120_000],
    ['Thu, 01 Jan 2026 00:00:05 GMT', 5000],
    ['Thu, 01 Jan 2025 00:00:05 GMT', undefined],
    ['0', undefined],
    ['-1', undefined],
    ['soon', undefined],
    ['', undefined],
    [null, undefined],
  ])('%s', (header, expected) => {
    expect(retryAfterMs(header, nowMs)).toBe(expected)
  })
})
