import { ColoniesClient } from '../../colonies/index.ts'
import { BeeError } from '../../errors.ts'
import { createSubmitter, type FinalProcess, type Submitter } from '../../fleet/index.ts'
import type { Ledger } from '../../ledger/index.ts'
import { systemClock } from '../../resilience/index.ts'
import { SigningKey } from '../../trust/index.ts'
import { brokerUrl, connectLedger, required } from '../connect.ts'
import { deliver } from '../demo/deliver.ts'
import { readRows } from '../demo/rows.ts'
import { type Scene, tellStory } from '../demo/story.ts'
import { runningConfig } from '../environment.ts'
import { columns, paint } from '../paint.ts'
import { verifyProcess } from '../verify-process.ts'

interface Played {
  readonly deliveries: number
  readonly applied: number
  readonly replayed: number
  readonly verified: number
  readonly entitlement: string
  readonly problems: readonly string[]
  /** A process of the scene, to look at afterwards. */
  readonly process: string | undefined
}

interface Stage {
  readonly url: string
  readonly secret: string
  readonly colony: string
  readonly submitter: Submitter
  readonly ledger: Ledger
}

const waitMs = 60_000

/** Plays the story as signed webhooks, each event one to three times at once, and proves what came of it. */
export async function demo(options: { readonly seed?: string | undefined }): Promise<void> {
  const seed = options.seed === undefined ? Math.floor(Date.now() / 1000) : Number(options.seed)
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new BeeError('BEE_USAGE', `--seed: received "${options.seed}", expected a whole number.`)
  }
  const config = await runningConfig()
  const stage: Stage = {
    url: required(config, 'BEES_URL'),
    secret: required(config, 'STRIPE_WEBHOOK_SECRET')[0] ?? '',
    colony: config.COLONIES_COLONY_NAME,
    submitter: createSubmitter({
      client: new ColoniesClient({ url: brokerUrl(config), privateKey: required(config, 'COLONIES_PRVKEY') }),
      colony: config.COLONIES_COLONY_NAME,
      envelopeKey: new SigningKey(required(config, 'BEES_SUBMITTER_KEY')),
      bees: [],
      clock: systemClock,
    }),
    ledger: connectLedger(config),
  }
  const story = tellStory(seed)
  console.log(`\n  ${paint.bold("A customer's story")} ${paint.dim(`${stage.url}, seed ${seed}`)}\n`)

  const played: Played[] = []
  for (const [index, scene] of story.scenes.entries()) {
    const result = await play(scene, 1 + ((seed + index) % 3), stage)
    played.push(result)
    const mark = result.problems.length === 0 ? paint.green('✓') : paint.red('✗')
    console.log(
      `  ${mark} ${scene.title.padEnd(36)} ${paint.dim(scene.event.type.padEnd(32))} ${String(result.deliveries)}× sent, ${result.applied}× applied  ${result.entitlement}`,
    )
    for (const problem of result.problems) console.log(`      ${paint.red(problem)}`)
  }

  if (config.DATABASE_URL !== undefined) {
    for (const { title, rows } of await readRows(config.DATABASE_URL, story)) {
      console.log(`\n  ${paint.bold(title)}\n${columns(rows, '    ')}`)
    }
  }
  const total = (count: (scene: Played) => number) => played.reduce((sum, scene) => sum + count(scene), 0)
  const problems = total(({ problems }) => problems.length)
  console.log(`
  ${total(({ deliveries }) => deliveries)} deliveries of ${story.scenes.length} events, ${total(({ applied }) => applied)} effects, ${total(({ verified }) => verified)} receipts verified: ${problems === 0 ? paint.green('all well') : paint.red(`${problems} problems`)}

  ${paint.dim('Look on:')}
    npx bees verify ${played.at(-1)?.process ?? '<process id>'}
    npx bees demo --seed ${seed}   ${paint.dim('the same events again: nothing changes')}
    ${stage.url}/metrics
`)
  if (problems > 0) process.exitCode = 1
}

async function play(
  scene: Scene,
  deliveries: number,
  { url, secret, colony, submitter, ledger }: Stage,
): Promise<Played> {
  const answers = await Promise.all(Array.from({ length: deliveries }, () => deliver(url, secret, scene.event)))
  const problems: string[] = []
  const outcomes: string[] = []
  let verified = 0
  let entitlement = ''
  for (const { process: id, status } of answers) {
    if (id === undefined) {
      outcomes.push(status)
      continue
    }
    const final = await submitter.waitFor(id, { timeoutMs: waitMs })
    if (final.state !== 'success') problems.push(`${final.state}: ${final.errors.join('; ')}`)
    const reply = await ledger.read(colony, id, { deadlineMs: performance.now() + waitMs })
    const published = final.state === 'success' ? final.result : undefined
    const verdict = verifyProcess(reply, { colony, published })
    problems.push(...verdict.findings.map(({ code, message }) => `${code}: ${message}`))
    verified += verdict.ok ? 1 : 0
    outcomes.push(verdict.receipts.at(-1)?.outcome ?? 'unknown')
    entitlement = entitlementOf(final)
  }
  const count = (outcome: string) => outcomes.filter((candidate) => candidate === outcome).length
  const applied = count('applied')
  if (applied > 1) problems.push(`applied ${applied} times, expected at most once`)
  if (applied + count('replayed') < deliveries) problems.push(`outcomes: ${outcomes.join(', ')}`)
  return {
    deliveries,
    applied,
    replayed: count('replayed'),
    verified,
    entitlement,
    problems,
    process: answers[0]?.process,
  }
}

/** What the result says of the user, in a few words. */
function entitlementOf({ result }: FinalProcess): string {
  if (typeof result !== 'object' || result === null || !('entitlement' in result)) return ''
  const facts = result.entitlement as { readonly entitled?: boolean; readonly status?: string } | null
  if (facts === null) return ''
  return facts.entitled === true
    ? paint.green(`entitled (${facts.status})`)
    : paint.yellow(`not entitled (${facts.status ?? 'no subscription yet'})`)
}
