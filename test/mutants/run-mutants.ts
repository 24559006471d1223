import type { Mutant } from './mutant.ts'
import { mutants as all } from './mutants.ts'
import { runKiller } from './run-killer.ts'
import { workCopy } from './work-copy.ts'

export interface Verdict {
  readonly mutant: Mutant
  readonly killed: boolean
  /** What the killer said, or why it does not count. */
  readonly said: string
  readonly tookMs: number
}

export interface RunMutantsOptions {
  /** @default all */
  readonly mutants?: readonly Mutant[] | undefined
  /** A Postgres to share, superuser. @default each run starts its own */
  readonly databaseUrl?: string | undefined
  /** At the same time. @default 2 */
  readonly lanes?: number | undefined
  readonly onVerdict?: ((verdict: Verdict) => void) | undefined
}

/**
 * Breaks one thing at a time in a copy of the project and expects the test that is named for it to fail, for the reason
 * that is named. First all those tests have to pass on an unbroken copy.
 *
 * @throws Error when one of them does not pass, or a mutant does not fit the code any more
 */
export async function runMutants(options: RunMutantsOptions = {}): Promise<readonly Verdict[]> {
  const { mutants = all, databaseUrl, lanes = 2, onVerdict } = options
  const verdicts: Verdict[] = []
  const queue = [...mutants]
  const copies = await Promise.all(Array.from({ length: Math.min(lanes, queue.length) }, workCopy))
  try {
    const [first] = copies
    if (first === undefined) return []
    const files = [...new Set(mutants.map(({ killer }) => killer.file))]
    const sound = await runKiller(
      first.folder,
      files,
      mutants.map(({ killer }) => `(${killer.test})`).join('|'),
      databaseUrl,
    )
    if (sound.failures.length > 0) throw new Error(`the unbroken copy fails:\n${sound.failures.join('\n')}`)

    await Promise.all(
      copies.map(async (copy) => {
        for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
          const { killer } = mutant
          const beganMs = performance.now()
          const run = await copy.broken(mutant, () => runKiller(copy.folder, [killer.file], killer.test, databaseUrl))
          const said = run.failures.find((failure) => killer.because.test(failure))
          const verdict: Verdict = {
            mutant,
            killed: said !== undefined,
            said: firstLine(said ?? run.failures[0] ?? `${run.passed} tests passed`),
            tookMs: performance.now() - beganMs,
          }
          verdicts.push(verdict)
          onVerdict?.(verdict)
        }
      }),
    )
  } finally {
    await Promise.all(copies.map((copy) => copy.remove()))
  }
  return verdicts
}

const firstLine = (text: string): string => (text.split('\n')[0] ?? '').slice(0, 200)

/** A line for each, and how many were killed. */
export function mutantLines(verdicts: readonly Verdict[]): readonly string[] {
  const killed = verdicts.filter((verdict) => verdict.killed).length
  return [
    ...verdicts.map(
      ({ mutant, killed: dead, said, tookMs }) =>
        `${dead ? 'killed  ' : 'SURVIVED'} ${mutant.name.padEnd(34)} ${(tookMs / 1000).toFixed(1).padStart(5)} s  ${mutant.why}\n` +
        `         ${said}`,
    ),
    `mutants killed        ${killed} of ${verdicts.length}`,
  ]
}
