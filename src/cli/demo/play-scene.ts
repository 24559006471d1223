import type { FinalProcess, Submitter } from '../../fleet/index.ts'
import type { Ledger } from '../../ledger/index.ts'
import { verifyProcess } from '../verify-process.ts'
import type { Answer, Scene, Stage } from './stage.ts'

/** What came of the deliveries of one scene. */
export interface Played {
  /** Those that the finance bee applies. */
  readonly events: readonly string[]
  readonly deliveries: number
  readonly applied: number
  readonly verified: number
  readonly problems: readonly string[]
  /** A process of the scene, to look at afterwards. */
  readonly process: string | undefined
}

export interface Hive {
  readonly colony: string
  readonly submitter: Submitter
  readonly ledger: Ledger
}

const waitMs = 60_000

/** Has a scene's events sent to the hive, each one to three times at once, and proves what came of each delivery. */
export async function playScene(
  { scene, seed, index }: { readonly scene: Scene; readonly seed: number; readonly index: number },
  stage: Stage,
  hive: Hive,
): Promise<Played> {
  const send = async ({ id }: Scene['events'][number], place: number) =>
    judge(id, await stage.deliver(seed, id, 1 + ((seed + index + place) % 3)), hive)
  const judged: Judged[] = []
  if (scene.arrival === 'all_at_once') judged.push(...(await Promise.all(scene.events.map(send))))
  else for (const [place, event] of scene.events.toReversed().entries()) judged.push(await send(event, place))
  const handled = judged.filter(({ ignored }) => !ignored)
  const sum = (count: (one: Judged) => number) => handled.reduce((all, one) => all + count(one), 0)
  return {
    events: handled.map(({ event }) => event),
    deliveries: sum(({ deliveries }) => deliveries),
    applied: sum(({ applied }) => applied),
    verified: sum(({ verified }) => verified),
    problems: judged.flatMap(({ problems }) => problems),
    process: judged[0]?.process,
  }
}

interface Judged {
  readonly event: string
  /** Nobody applies its type. */
  readonly ignored: boolean
  readonly deliveries: number
  readonly applied: number
  readonly verified: number
  readonly problems: readonly string[]
  readonly process: string | undefined
}

async function judge(event: string, answers: readonly Answer[], hive: Hive): Promise<Judged> {
  const seen = await Promise.all(answers.map((answer) => examine(answer, hive)))
  const count = (outcome: string) => seen.filter((one) => one.outcome === outcome).length
  const [applied, replayed, ignored] = [count('applied'), count('replayed'), count('ignored')]
  const problems = seen.flatMap((one) => one.problems)
  if (applied > 1) problems.push(`${event}: applied ${applied} times, expected at most once`)
  if (applied + replayed + ignored < answers.length) {
    problems.push(`${event}: outcomes ${seen.map(({ outcome }) => outcome).join(', ')}`)
  }
  return {
    event,
    ignored: ignored === answers.length,
    deliveries: answers.length,
    applied,
    verified: seen.filter(({ verified }) => verified).length,
    problems,
    process: answers[0]?.process ?? undefined,
  }
}

interface Examined {
  readonly outcome: string
  readonly verified: boolean
  readonly problems: readonly string[]
}

async function examine({ http, status, process }: Answer, { colony, submitter, ledger }: Hive): Promise<Examined> {
  if (http !== 200) return { outcome: `HTTP ${http}`, verified: false, problems: [] }
  if (process === null) return { outcome: status ?? 'nothing', verified: false, problems: [] }
  const final: FinalProcess = await submitter.waitFor(process, { timeoutMs: waitMs })
  const reply = await ledger.read(colony, process, { deadlineMs: performance.now() + waitMs })
  const verdict = verifyProcess(reply, { colony, published: final.state === 'success' ? final.result : undefined })
  const problems = verdict.findings.map(({ code, message }) => `${code}: ${message}`)
  if (final.state !== 'success') problems.unshift(`${final.state}: ${final.errors.join('; ')}`)
  const outcome = verdict.receipts.at(-1)?.outcome ?? 'unknown'
  // Of several deliveries of an event one has the effect; another may have asked before it which order is right.
  const last = reply.rows.toSorted((a, b) => a.step - b.step).at(-1)
  const settled = outcome === 'applied' && last?.process !== process ? 'replayed' : outcome
  return { outcome: settled, verified: verdict.ok, problems }
}
