import type { SeededRandom } from '../../support/seeded-random.ts'
import type { CrashColonies, CrashColony, Kind } from '../crash-matrix/site.ts'

export interface LiveMix {
  readonly colony: CrashColony
  readonly site: CrashColonies
  readonly random: SeededRandom
  /** @default 120 */
  readonly tasks?: number | undefined
  /** Time budget of each task, ms. @default 4_000 */
  readonly deadlineMs?: number | undefined
  /** Bound of everything, ms: so that a lost task is an error and not a wait. @default 60_000 */
  readonly mostMs?: number | undefined
}

/** How a mix ended. */
export interface MixReport {
  readonly tasks: number
  readonly effects: number
  readonly rows: number
  readonly replayed: number
  /** Times that the broker took a process back. */
  readonly requeues: number
  readonly tookMs: number
  /** Empty when every invariant holds. */
  readonly problems: readonly string[]
}

export interface Progress {
  /** Resolves when so many tasks of the mix have ended (or all). */
  readonly done: (atLeast: number) => Promise<void>
}

const atOnce = 16

/**
 * Hands in a mix of tasks and goes on while something else makes trouble; then waits for their end and looks at broker
 * and database together.
 * @param trouble begins with the first task, and is over before the last ones end
 */
export async function liveMix(mix: LiveMix, trouble: (progress: Progress) => Promise<void>): Promise<MixReport> {
  const { colony, site, random, tasks = 120, deadlineMs = 4_000, mostMs = 60_000 } = mix
  const beganMs = performance.now()
  const plan = Array.from({ length: tasks }, (_, n): { readonly kind: Kind; readonly note: string } => {
    const kind = random.pick(['single', 'keyed', 'steps'] as const)
    // Every third business key comes twice.
    return { kind, note: `${colony.name} ${kind} ${kind === 'keyed' ? n - (n % 3 === 1 ? 1 : 0) : n}` }
  })
  const ids: string[] = []
  const queue = [...plan]
  const submitter = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      ids.push(await colony.submit(next.kind, { note: next.note }, deadlineMs))
    }
  }
  const submitting = Promise.all(Array.from({ length: atOnce }, submitter))
  const endMs = performance.now() + mostMs
  const ended = async (): Promise<number> => {
    // The database itself may be away.
    const facts = await colony.facts(ids).catch(() => new Map())
    return [...facts.values()].filter(({ state }) => state > 1).length
  }
  const progress: Progress = {
    async done(atLeast) {
      for (;;) {
        if ((await ended()) >= Math.min(atLeast, tasks)) return
        if (performance.now() > endMs) throw new Error(`${atLeast} tasks have not ended within ${mostMs} ms`)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    },
  }
  await Promise.all([trouble(progress), submitting])
  await progress.done(tasks)
  await colony.ended(ids)
  const one = async (sql: string) => Number((await site.admin.query(sql, [colony.name])).rows[0]?.n)
  return {
    tasks,
    effects: await one('select count(*) as n from crash.effects where colony = $1'),
    rows: await one('select count(*) as n from bees.ledger where colony = $1'),
    replayed: await one(`select count(*) as n from bees.receipts where colony = $1 and outcome = 'replayed'`),
    requeues: await one('select coalesce(sum(retries), 0) as n from colonies.processes where colonyname = $1'),
    tookMs: Math.round(performance.now() - beganMs),
    problems: await colony.check(),
  }
}

export const mixLine = (name: string, report: MixReport): string =>
  `${name.padEnd(64)} ${report.tasks} tasks, ${report.effects} effects, ${report.rows} rows, ${report.replayed} replayed, ` +
  `${report.requeues} requeues, ${report.tookMs} ms, ${report.problems.length} problems`
