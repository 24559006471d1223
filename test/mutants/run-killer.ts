import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'

export interface TestsRun {
  readonly passed: number
  /** What the failed ones said. */
  readonly failures: readonly string[]
}

const report = z.object({
  testResults: z.array(
    z.object({
      message: z.string().optional(),
      assertionResults: z.array(
        z.object({ fullName: z.string(), status: z.string(), failureMessages: z.array(z.string()).nullish() }),
      ),
    }),
  ),
})

const limitMs = 120_000

/**
 * Runs some tests of a copy of the project in a vitest of their own.
 *
 * @param databaseUrl a Postgres to share, superuser; undefined: the run starts its own
 * @throws Error with the end of the output when there is no report
 */
export async function runKiller(
  folder: string,
  files: readonly string[],
  test: string,
  databaseUrl: string | undefined,
): Promise<TestsRun> {
  const outputFile = join(tmpdir(), `colony-bees-mutant-${randomBytes(6).toString('hex')}.json`)
  // Not the surroundings of the vitest that we may be running in.
  const inherited = Object.entries(process.env).filter(([name]) => !/^(VITEST|TEST_SEED$|NODE_OPTIONS$)/.test(name))
  const child = spawn(
    process.execPath,
    [
      join(folder, 'node_modules/vitest/vitest.mjs'),
      ...['run', ...files, '-t', test, '--reporter=json', `--outputFile=${outputFile}`],
    ],
    {
      cwd: folder,
      env: { ...Object.fromEntries(inherited), ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }) },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: limitMs,
      killSignal: 'SIGTERM',
    },
  )
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-4000)
    })
  }
  await new Promise<void>((ended, failed) => child.once('error', failed).once('close', () => ended()))
  try {
    const { testResults } = report.parse(JSON.parse(await readFile(outputFile, 'utf8')))
    const tests = testResults.flatMap(({ assertionResults }) => assertionResults)
    const failed = tests.filter(({ status }) => status === 'failed')
    const failures = failed.map(({ fullName, failureMessages }) => `${fullName}: ${(failureMessages ?? []).join('\n')}`)
    // A file that could not even begin has a message and no failed test.
    const broken = testResults.flatMap(({ message, assertionResults }) =>
      message && !assertionResults.some(({ status }) => status === 'failed') ? [message] : [],
    )
    return { passed: tests.filter(({ status }) => status === 'passed').length, failures: [...failures, ...broken] }
  } catch (cause) {
    throw new Error(`the tests left no report:\n${output}`, { cause })
  } finally {
    await rm(outputFile, { force: true })
  }
}
