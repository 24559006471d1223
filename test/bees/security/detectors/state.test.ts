import { describe, expect, it } from 'vitest'
import {
  DetectorError,
  defaultOptions,
  newStream,
  openStream,
  stateVersion,
} from '../../../../bees/security/detectors/index.ts'

function problemOf(state: unknown): DetectorError {
  try {
    openStream(defaultOptions, state)
  } catch (error) {
    if (error instanceof DetectorError) return error
    throw error
  }
  throw new Error('was taken')
}

const fresh = newStream(defaultOptions)
const bytesOf = (text: string) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
const memoryOf = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes))

describe('the stored state', () => {
  it('is small, plain and versioned', () => {
    expect(fresh.version).toBe(stateVersion)
    expect(JSON.parse(JSON.stringify(fresh))).toEqual(fresh)
    expect(JSON.stringify(fresh).length).toBeLessThanOrEqual(8192)
    expect(openStream(defaultOptions, fresh).toJSON()).toEqual(fresh)
  })

  it.each([0, 2, 99])('tells version %i apart', (version) => {
    const error = problemOf({ ...fresh, version })
    expect(error.problem).toBe('state_version')
    expect(error.message).toContain(`version ${version}`)
    expect(error.message).toContain(`version ${stateVersion}`)
  })

  it.each([
    [null, 'the state: expected an object, received null'],
    ['{}', 'the state: expected an object, received {}'],
    [[], 'the state: expected an object, received an array'],
    [{}, 'version: expected the number 1, received undefined'],
    [{ ...fresh, version: '1' }, 'version: expected the number 1, received 1'],
    [{ ...fresh, points: -1 }, 'points: expected a whole number from 0, received -1'],
    [{ ...fresh, points: 1 }, 'lastTimeMs: expected null exactly when points is 0, received null'],
    [{ ...fresh, base: '0' }, 'base: expected a finite number, received 0'],
    [{ ...fresh, base: null }, 'base: expected a finite number, received null'],
    [{ ...fresh, lastTimeMs: Number.NaN }, 'lastTimeMs: expected a finite number, received NaN'],
    [{ ...fresh, lastTimeMs: 5 }, 'lastTimeMs: expected null exactly when points is 0, received 5'],
    [{ ...fresh, alertedAt: 3 }, 'alertedAt: expected at most points (0), received 3'],
    [{ ...fresh, sinceMs: {} }, 'sinceMs: expected a finite number, received an object'],
    [{ ...fresh, quiet: 0.5 }, 'quiet: expected a whole number from 0, received 0.5'],
    [{ ...fresh, missing: undefined }, 'missing: expected a whole number from 0, received undefined'],
    [{ ...fresh, late: Infinity }, 'late: expected a whole number from 0, received Infinity'],
    [{ ...fresh, memory: 7 }, 'memory: expected a string, received 7'],
    [{ ...fresh, memory: '***' }, 'memory: expected base64, received 3 characters that are not'],
  ])('refuses %#: %j', (state, message) => {
    const error = problemOf(state)
    expect(error.problem).toBe('bad_state')
    expect(error.message).toBe(message)
  })

  it('refuses a memory of another length, and one with numbers that are not finite', () => {
    const bytes = bytesOf(fresh.memory)
    expect(problemOf({ ...fresh, memory: memoryOf(bytes.slice(4)) }).message).toBe(
      `memory: expected ${bytes.length} bytes in base64, received ${bytes.length - 4} bytes`,
    )
    bytes.fill(0xff, 0, 4)
    expect(problemOf({ ...fresh, memory: memoryOf(bytes) })).toMatchObject({
      problem: 'bad_state',
      message: 'memory: expected finite numbers, received NaN or infinity',
    })
  })

  it('refuses every state with one field left out', () => {
    for (const name of Object.keys(fresh)) {
      const { [name]: _, ...rest } = fresh as unknown as Record<string, unknown>
      expect(problemOf(rest).problem, name).toBe('bad_state')
    }
  })
})
