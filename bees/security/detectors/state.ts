import { DetectorError } from './errors.ts'

export const stateVersion = 1

/** A stream at rest: plain JSON, below 8 KB. Nothing in it depends on the options. */
export interface StreamState {
  readonly version: typeof stateVersion
  /** Points taken so far; missing and late ones are not among them. */
  readonly points: number
  /** The first value; all others are remembered relative to it. */
  readonly base: number
  readonly lastTimeMs: number | null
  /** `points` when the last alert was raised, that one included; 0: never. */
  readonly alertedAt: number
  /** When the present run of evidence began, null outside one. */
  readonly sinceMs: number | null
  /** Points without any evidence since the last with some. */
  readonly quiet: number
  readonly missing: number
  readonly late: number
  /** The memory of the signals: little-endian numbers, base64. */
  readonly memory: string
}

/**
 * Checks a stored state. `memoryBytes` is what this version's memory takes.
 * @throws DetectorError state_version when another version wrote it, bad_state for anything else that is wrong with it
 */
export function parseState(input: unknown, memoryBytes: number): { state: StreamState; bytes: Uint8Array } {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) throw bad('the state', 'an object', input)
  const fields = input as Readonly<Record<string, unknown>>
  if (fields['version'] !== stateVersion) {
    if (typeof fields['version'] !== 'number') throw bad('version', `the number ${stateVersion}`, fields['version'])
    throw new DetectorError(
      'state_version',
      `the state was written by version ${fields['version']} of the detector, this is version ${stateVersion}: begin a new stream`,
    )
  }
  const state: StreamState = {
    version: stateVersion,
    points: count(fields, 'points'),
    base: finite(fields, 'base'),
    lastTimeMs: finiteOrNull(fields, 'lastTimeMs'),
    alertedAt: count(fields, 'alertedAt'),
    sinceMs: finiteOrNull(fields, 'sinceMs'),
    quiet: count(fields, 'quiet'),
    missing: count(fields, 'missing'),
    late: count(fields, 'late'),
    memory: text(fields, 'memory'),
  }
  if (state.alertedAt > state.points) throw bad('alertedAt', `at most points (${state.points})`, state.alertedAt)
  if ((state.lastTimeMs === null) !== (state.points === 0))
    throw bad('lastTimeMs', 'null exactly when points is 0', state.lastTimeMs)
  return { state, bytes: memoryOf(state.memory, memoryBytes) }
}

function memoryOf(base64: string, memoryBytes: number): Uint8Array {
  let binary: string
  try {
    binary = atob(base64)
  } catch {
    throw new DetectorError('bad_state', `memory: expected base64, received ${base64.length} characters that are not`)
  }
  if (binary.length !== memoryBytes) throw bad('memory', `${memoryBytes} bytes in base64`, `${binary.length} bytes`)
  return Uint8Array.from(binary, (character) => character.charCodeAt(0))
}

function finite(fields: Readonly<Record<string, unknown>>, name: string): number {
  const value = fields[name]
  if (typeof value !== 'number' || !Number.isFinite(value)) throw bad(name, 'a finite number', value)
  return value
}

function finiteOrNull(fields: Readonly<Record<string, unknown>>, name: string): number | null {
  return fields[name] === null ? null : finite(fields, name)
}

function count(fields: Readonly<Record<string, unknown>>, name: string): number {
  const value = fields[name]
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw bad(name, 'a whole number from 0', value)
  return value
}

function text(fields: Readonly<Record<string, unknown>>, name: string): string {
  const value = fields[name]
  if (typeof value !== 'string') throw bad(name, 'a string', value)
  return value
}

function bad(name: string, expected: string, received: unknown): DetectorError {
  const shown =
    typeof received === 'object' && received !== null
      ? Array.isArray(received)
        ? 'an array'
        : 'an object'
      : String(received)
  return new DetectorError('bad_state', `${name}: expected ${expected}, received ${shown.slice(0, 60)}`)
}
