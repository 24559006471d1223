import pino, { type DestinationStream, type LevelWithSilent } from 'pino'
import type { Log } from './types.ts'

/**
 * Names under which a secret could slip into a log by accident. Sensitive task fields are removed where they arise;
 * this list is the second line.
 */
const secretNames = [
  'key',
  'apikey',
  'authorization',
  'password',
  'secret',
  'prvkey',
  'privateKey',
  'seed',
  'signature',
  'token',
  'envelope',
  'receipt',
  'input',
  'output',
  'payload',
]

export interface LogOptions {
  /** @default 'info' */
  readonly level?: LevelWithSilent | undefined
  /** @default standard output, synchronous, so that the last lines of a crash are not lost */
  readonly destination?: DestinationStream | undefined
}

/** One JSON object a line, times in ISO 8601, no host name and no pid (the platform knows both). */
export function createLog(options: LogOptions = {}): Log {
  const paths = secretNames.flatMap((name) => [name, `*.${name}`, `*.*.${name}`])
  return pino(
    {
      level: options.level ?? 'info',
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths, censor: '[redacted]' },
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: errorFacts, error: errorFacts },
    },
    options.destination ?? pino.destination({ dest: 1, sync: true }),
  ) as unknown as Log
}

/** What a log may know of an error: name, code, class and message, and the stack without the message's repetition. */
function errorFacts(error: unknown): unknown {
  if (!(error instanceof Error)) return typeof error === 'object' ? '[object]' : String(error)
  const { code, failure } = error as { code?: unknown; failure?: unknown }
  const stack = error.stack
    ?.split('\n')
    .filter((line) => line.trimStart().startsWith('at '))
    .slice(0, 6)
  return { name: error.name, code, failure, message: error.message, stack }
}

/** A log that goes nowhere, for tests and one-shot commands. */
export const silentLog: Log = Object.freeze({
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLog,
})
