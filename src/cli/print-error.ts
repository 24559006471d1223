import { BeeError } from '../errors.ts'
import { paint } from './paint.ts'

/** An error for a person: code, what happened, what to do next. Returns the exit code. */
export function printError(error: unknown): number {
  if (error instanceof BeeError) {
    process.stderr.write(`${paint.red(error.code)}: ${error.message}\n${paint.dim('next:')} ${error.next}\n`)
    return 1
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  process.stderr.write(`${paint.red('BEE_INTERNAL')}: ${text}\n`)
  return 1
}
