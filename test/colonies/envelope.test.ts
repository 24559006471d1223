import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  ColoniesError,
  encodeMessage,
  openReply,
  parseExactJson,
  parseReply,
  stringifyExactJson,
} from '../../src/colonies/index.ts'
import { envelope, errorEnvelope } from './replay-server.ts'
import { processText } from './samples.ts'

const failure = (msgtype: string, status: number, body: string): ColoniesError => {
  try {
    openReply(msgtype, { status, body })
  } catch (error) {
    if (error instanceof ColoniesError) return error
    throw error
  }
  throw new Error('no error')
}

describe('exact JSON', () => {
  it('keeps integers beyond 2^53 to the last digit, both ways', () => {
    const text = '{"prioritytime":1795381228095052049,"small":7,"list":[-9007199254740993]}'
    const value = parseExactJson(text)
    expect(value).toEqual({ prioritytime: 1795381228095052049n, small: 7, list: [-9007199254740993n] })
    expect(stringifyExactJson(value)).toBe(text)
  })

  it('leaves a number alone that prints as it was read', () => {
    expect(parseExactJson('[12345678901234567000, 1e300, 0.1234567890123456]')).toEqual([
      12345678901234567000, 1e300, 0.1234567890123456,
    ])
  })

  it('writes back any integer token that it read', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n }), (integer) => {
        const token = integer.toString()
        expect(stringifyExactJson(parseExactJson(`{"n":${token}}`))).toBe(`{"n":${token}}`)
      }),
    )
  })

  it('puts a key named __proto__ nowhere but into the value', () => {
    const value = parseExactJson('{"__proto__":{"polluted":1},"n":12345678901234567890}')
    expect(Object.hasOwn(Object(value), '__proto__')).toBe(true)
    expect(Reflect.get({}, 'polluted')).toBeUndefined()
    expect(Reflect.get(Object(value), 'polluted')).toBeUndefined()
  })
})

describe('a message', () => {
  it('cannot bring another msgtype along', () => {
    expect(encodeMessage('getusersmsg', { msgtype: 'removecolonymsg', colonyname: 'dev' })).toBe(
      '{"msgtype":"getusersmsg","colonyname":"dev"}',
    )
  })
})

describe('a reply', () => {
  it.each([
    ['assignprocessmsg', 404, 'no_process'],
    ['getprocessmsg', 404, 'not_found'],
    ['assignprocessmsg', 503, 'paused'],
    ['assignprocessmsg', 408, 'paused'],
    ['getprocessmsg', 503, 'unavailable'],
    ['assignprocessmsg', 500, 'unavailable'],
    ['getcronmsg', 500, 'failed'],
    ['addblueprintmsg', 409, 'conflict'],
    ['addcolonymsg', 400, 'rejected'],
    ['addcolonymsg', 403, 'forbidden'],
  ])('%s with status %i is %s, whatever the HTTP status', (msgtype, status, kind) => {
    for (const httpStatus of [status, 200]) {
      expect(failure(msgtype, httpStatus, errorEnvelope(status))).toMatchObject({ kind, status, httpStatus, msgtype })
    }
  })

  it.each([
    [200, '', 'forbidden'],
    [500, '', 'unavailable'],
    [404, '', 'malformed'],
    [204, '', 'malformed'],
    [502, '<html>bad gateway</html>', 'unavailable'],
    [503, 'no healthy upstream', 'unavailable'],
    [429, '{"message":"slow down"}', 'unavailable'],
    [200, '<html>captive portal</html>', 'malformed'],
    [404, '404 page not found', 'malformed'],
    [403, '<html>blocked</html>', 'forbidden'],
    [200, '{"payloadtype":"assignprocessmsg"}', 'malformed'],
    [200, 'null', 'malformed'],
    [200, '[]', 'malformed'],
  ])('without an envelope: HTTP %i "%s" is %s with unknown outcome', (status, body, kind) => {
    expect(failure('assignprocessmsg', status, body)).toMatchObject({ kind, httpStatus: status, outcome: 'unknown' })
  })

  it('of two error envelopes in one body is the first', () => {
    const body = errorEnvelope(400, 'first') + errorEnvelope(500, 'second')
    expect(failure('addlogmsg', 400, body)).toMatchObject({ kind: 'rejected', status: 400, serverMessage: 'first' })
  })

  it('of a success followed by something else is malformed', () => {
    const body = envelope('getusersmsg', 'null') + errorEnvelope(500)
    expect(failure('getusersmsg', 200, body).kind).toBe('malformed')
  })

  it('of another type, with an error status, or with a payload that is no JSON is malformed', () => {
    expect(failure('getusersmsg', 200, envelope('getexecutorsmsg', '[]')).kind).toBe('malformed')
    expect(failure('getusersmsg', 500, envelope('getusersmsg', '[]')).kind).toBe('malformed')
    expect(failure('getusersmsg', 200, envelope('getusersmsg', '{')).kind).toBe('malformed')
  })

  it('says what is known about the effect', () => {
    expect(failure('submitfuncspecmsg', 400, errorEnvelope(400)).outcome).toBe('not_applied')
    expect(failure('submitfuncspecmsg', 500, errorEnvelope(500)).outcome).toBe('unknown')
  })

  it('that does not fit its schema names the place and not the value', () => {
    const payload = parseExactJson(processText({ retries: 'canary-value' }))
    try {
      parseReply('getprocessmsg', payload)
      expect.unreachable()
    } catch (error) {
      expect(error).toMatchObject({ kind: 'malformed' })
      expect(String(error)).toContain('retries')
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('canary-value')
    }
  })

  it('keeps the text of the server out of everything that is printed', () => {
    const error = failure('addcronmsg', 400, errorEnvelope(400, `pq: canary-value ${'x'.repeat(5000)}`))
    expect(error.serverMessage).toContain('canary-value')
    expect(error.serverMessage?.length).toBeLessThanOrEqual(1000)
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('canary-value')
    expect(JSON.stringify(error) + error.message + error.stack).not.toContain('canary-value')
  })

  it('reads years before 1970 as unset and leaves other times as they were written', () => {
    const process = parseReply(
      'getprocessmsg',
      parseExactJson(
        processText({
          starttime: '0000-12-31T23:00:00-01:00',
          endtime: '0001-01-01T01:12:12+01:12',
          submissiontime: '2026-11-22T22:00:28.095052+01:00',
        }),
      ),
    )
    expect(process).toMatchObject({
      starttime: null,
      endtime: null,
      submissiontime: '2026-11-22T22:00:28.095052+01:00',
    })
  })

  it('has lists where the server wrote null, and ignores unknown fields', () => {
    const text = processText({ in: null, out: null, errors: null, attributes: null, parents: null, novelty: 1 })
    const process = parseReply('getprocessmsg', parseExactJson(text))
    expect(process).toMatchObject({ in: [], out: [], errors: [], attributes: [], parents: [] })
    expect(process).not.toHaveProperty('novelty')
  })
})
