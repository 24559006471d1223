import { BeeError } from '../errors.ts'
import { paintError as paint, printable } from './paint.ts'

/** An error for a person: code, what happened, what to do next. Returns the exit code. */
export function printError(error: unknown): number {
  if (error instanceof BeeError) {
    // Ours have line breaks; what they quote of others must have nothing else.
    const message = error.message.split('\n').map(printable).join('\n')
    process.stderr.write(`${paint.red(error.code)}: ${message}\n${paint.dim('next:')} ${error.next}\n`)
    return 1
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  process.stderr.write(`${paint.red('BEE_INTERNAL')}: ${text}\n`)
  return 1
}
