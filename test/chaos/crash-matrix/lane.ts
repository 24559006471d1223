import type { ExecutorProcess } from './executor-process.ts'
import type { Locks } from './locks.ts'
import type { CrashColony, CrashSite, ProcessFacts } from './site.ts'

/** One colony with one executor at work and the next one loaded. */
export interface CrashLane {
  readonly colony: CrashColony
  readonly site: CrashSite
  readonly locks: Locks
  readonly current: () => ExecutorProcess
  /** kill -9, and the next one starts. @returns when it was killed, ms since 1970 */
  readonly killAndReplace: () => Promise<number>
  /** How often it was killed. */
  readonly kills: () => number
  /** A name for a process that was never used. */
  readonly note: (cell: { readonly place: string; readonly fault: string; readonly kind: string }) => string
}

export async function openLane(site: CrashSite, locks: Locks, name: string): Promise<CrashLane> {
  const colony = await site.colony(name)
  let current = await colony.load()
  await current.start()
  let next = colony.load()
  let notes = 0
  let kills = 0
  return {
    colony,
    site,
    locks,
    current: () => current,
    async killAndReplace() {
      const fresh = await next
      const killedMs = Date.now()
      kills += 1
      await current.kill()
      current = fresh
      next = colony.load()
      next.catch(() => undefined)
      await fresh.start()
      return killedMs
    },
    kills: () => kills,
    note({ place, fault, kind }) {
      notes += 1
      return `${name} ${notes} ${kind} ${fault} ${place}`
    },
  }
}

/** What a cell came to. */
export interface CellReport {
  readonly place: string
  readonly fault: string
  readonly kind: string
  readonly effects: number
  readonly rows: number
  readonly state: string
  readonly receipt: string
  /** From the kill, or from the submission, to the closing, ms. */
  readonly tookMs: number
  /** How long after the end of its time budget the killed process was closed, ms; null where nothing was killed. */
  readonly beyondMs: number | null
  /** How often it had to be set up until the executor stood there in time. */
  readonly tries: number
  /** Empty when everything holds. */
  readonly problems: readonly string[]
}

const stateNames = ['waiting', 'running', 'success', 'failed', 'cancelled']
const transactions = { single: 1, keyed: 1, steps: 2 } as const

export interface Finished {
  readonly place: string
  readonly fault: string
  readonly kind: keyof typeof transactions
  readonly note: string
  /** The process of the cell, then its twin with the same business key. */
  readonly processIds: readonly string[]
  readonly fromMs: number
  readonly tries: number
  /** When the time of the assignment was up that the kill hit, ms since 1970. */
  readonly dueMs?: number
  /** It must have been closed that long after that at the latest. */
  readonly boundMs?: number
}

/** Looks at broker and database after a cell. */
export async function reportOn(lane: CrashLane, cell: Finished): Promise<CellReport> {
  const { place, fault, kind, note, processIds, fromMs, tries } = cell
  const facts = await lane.colony.facts(processIds)
  const count = async (sql: string, value: unknown) =>
    Number((await lane.site.admin.query(sql, [value, lane.colony.name])).rows[0]?.n)
  const [effects, rows] = await Promise.all([
    count('select count(*) as n from crash.effects where note = $1 and colony = $2', note),
    count('select count(*) as n from bees.ledger where process = any ($1) and colony = $2', processIds),
  ])
  const states = processIds.map((id) => stateNames[facts.get(id)?.state ?? 0] ?? '?')
  const first = facts.get(processIds[0] ?? '')
  const tookMs = Math.max(0, Math.round((first?.endtime ?? 0) / 1000 - fromMs))
  const endedMs = (first?.endtime ?? 0) / 1000
  const beyondMs = cell.dueMs === undefined ? null : Math.max(0, Math.round(endedMs - cell.dueMs))
  const successes = processIds.map((id) => facts.get(id)).filter((one) => one?.state === 2)
  const results = successes.map(resultOf)
  // Of two processes with one envelope, which only a submit that is repeated on its way makes, one does the work.
  const wanted = place === 'submit' ? Math.min(1, successes.length) : processIds.length
  const expected = transactions[kind]
  const problems = [
    ...(effects === expected ? [] : [`${effects} effects, expected ${expected}`]),
    ...(rows === expected ? [] : [`${rows} ledger rows, expected ${expected}`]),
    ...(successes.length === wanted && wanted > 0 ? [] : [`the processes are ${states.join(', ')}`]),
    ...(new Set(results).size === 1 ? [] : [`the results differ: ${results.join(' ')}`]),
    ...(beyondMs === null || beyondMs <= (cell.boundMs ?? 0) ? [] : [`closed ${beyondMs} ms after its time was up`]),
    ...(kind !== 'steps' || results[0]?.includes(JSON.stringify(`read for ${note}`)) ? [] : ['the read is not right']),
  ]
  return {
    place,
    fault,
    kind,
    effects,
    rows,
    state: states.join('+'),
    receipt: outcomeOf(first),
    tookMs,
    beyondMs,
    tries,
    problems,
  }
}

const publishedBy = (facts: ProcessFacts | undefined) =>
  (JSON.parse(facts?.out || '[]') as { result?: unknown; receipt?: string }[])[0]

const resultOf = (facts: ProcessFacts | undefined): string => JSON.stringify(publishedBy(facts)?.result)

/** What the receipt says; whether it is genuine is for the invariants. */
function outcomeOf(facts: ProcessFacts | undefined): string {
  const claims = publishedBy(facts)?.receipt?.split('.')[1]
  if (claims === undefined) return 'none'
  return String((JSON.parse(Buffer.from(claims, 'base64url').toString()) as { outcome?: unknown }).outcome)
}
