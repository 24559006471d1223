import type { Log } from '../telemetry/index.ts'

/**
 * Errors that nobody handles, most of them from a bee with a missing `await`. A stray rejection is told and the hive goes
 * on: one careless bee must not end the others. After an uncaught exception nobody knows what state things are in, so
 * `onException` ends the hive in order. Messages are not told: a bee's error may quote what nobody should see.
 */
export function watchStrayErrors(log: Log, onException: () => void): void {
  const onRejection = (thrown: unknown) =>
    log.error(factsOf(thrown), 'a promise was rejected and nobody handled it; is an await missing in a bee?')
  const onUncaught = (thrown: unknown) => {
    log.error(factsOf(thrown), 'an error was thrown and nobody caught it; the hive drains and ends')
    onException()
  }
  process.on('unhandledRejection', onRejection).on('uncaughtException', onUncaught)
}

const mostFrames = 4

/** Its name and where it came from. */
function factsOf(thrown: unknown): { readonly name: string; readonly at: readonly string[] } {
  if (!(thrown instanceof Error)) return { name: typeof thrown, at: [] }
  const lines = thrown.stack?.split('\n').map((line) => line.trim()) ?? []
  return { name: thrown.name, at: lines.filter((line) => line.startsWith('at ')).slice(0, mostFrames) }
}
