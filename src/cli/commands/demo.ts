import { ColoniesClient } from '../../colonies/index.ts'
import type { Config } from '../../config.ts'
import { BeeError } from '../../errors.ts'
import { createSubmitter } from '../../fleet/index.ts'
import { systemClock } from '../../resilience/index.ts'
import { SigningKey } from '../../trust/index.ts'
import { brokerUrl, connectLedger, required } from '../connect.ts'
import { type Hive, type Played, playScene } from '../demo/play-scene.ts'
import { openRows, type Rows } from '../demo/rows.ts'
import { openStage, type Scene } from '../demo/stage.ts'
import { runningConfig } from '../environment.ts'
import { columns, paint } from '../paint.ts'

/** @throws BeeError BEE_USAGE for a story that nobody knows, and what the story throws */
export async function demo(story: string, options: { readonly seed?: string | undefined }): Promise<void> {
  if (story === 'money') await demoMoney(options)
  else if (story === 'security') await (await import('./demo-security.ts')).demoSecurity(options)
  else throw new BeeError('BEE_USAGE', `Received the story "${story.slice(0, 100)}", expected money or security.`)
}

/**
 * Plays a story in the Stripe of the local hive, which sends its events as signed webhooks, each one to three times at
 * once, and proves what came of it.
 *
 * @throws BeeError BEE_NOT_LOCAL, BEE_UNREACHABLE, BEE_USAGE
 */
async function demoMoney(options: { readonly seed?: string | undefined }): Promise<void> {
  const seed = options.seed === undefined ? Math.floor(Date.now() / 1000) : Number(options.seed)
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new BeeError('BEE_USAGE', `--seed: received "${options.seed}", expected a whole number.`)
  }
  const config = await runningConfig()
  const url = required(config, 'BEES_URL')
  const stage = await openStage(config, url)
  const hive = hiveOf(config)
  // With a database of one's own that is only reached by its API, the tables cannot be shown.
  const rows = config.DATABASE_URL === undefined ? null : await openRows(config.DATABASE_URL)
  try {
    console.log(`\n  ${paint.bold("A customer's story")} ${paint.dim(`${url}, seed ${seed}`)}\n`)
    const played: Played[] = []
    let scene = await stage.scene(seed, 0)
    for (let index = 0; index < scene.scenes; index += 1) {
      if (index > 0) scene = await stage.scene(seed, index)
      const result = await playScene({ scene, seed, index }, stage, hive)
      const { reads } = await stage.scene(seed, index)
      played.push(result)
      await tell(scene, { ...result, reads: reads - scene.reads }, rows)
    }
    await sumUp({ seed, url, scene, played, rows })
  } finally {
    await rows?.close()
  }
}

function hiveOf(config: Config): Hive {
  const colony = config.COLONIES_COLONY_NAME
  return {
    colony,
    submitter: createSubmitter({
      client: new ColoniesClient({ url: brokerUrl(config), privateKey: required(config, 'COLONIES_PRVKEY') }),
      colony,
      envelopeKey: new SigningKey(required(config, 'BEES_SUBMITTER_KEY')),
      bees: [],
      clock: systemClock,
    }),
    ledger: connectLedger(config),
  }
}

type Shown = Played & {
  /** How often Stripe was asked meanwhile. */
  readonly reads: number
}

async function tell({ title, user, events }: Scene, result: Shown, rows: Rows | null): Promise<void> {
  const mark = result.problems.length === 0 ? paint.green('✓') : paint.red('✗')
  const more = result.events.length > 1 ? `+${result.events.length - 1}` : ''
  const type = `${(events[0]?.type ?? '').padEnd(31)} ${more.padStart(3)}`
  const sent = `${String(result.deliveries).padStart(2)}× sent, ${String(result.applied).padStart(2)}× applied, ${String(result.reads).padStart(2)}× asked`
  const entitlement = rows === null ? '' : standingText(await rows.standing(user))
  console.log(`  ${mark} ${title.padEnd(39)} ${paint.dim(type)}  ${sent}  ${entitlement}`)
  for (const problem of result.problems) console.log(`      ${paint.red(problem)}`)
}

function standingText(standing: Awaited<ReturnType<Rows['standing']>>): string {
  return standing?.entitled === true
    ? paint.green(`entitled (${standing.status})`)
    : paint.yellow(`not entitled (${standing?.status ?? 'no subscription yet'})`)
}

interface Told {
  readonly seed: number
  readonly url: string
  readonly scene: Scene
  readonly played: readonly Played[]
  readonly rows: Rows | null
}

async function sumUp({ seed, url, scene, played, rows }: Told): Promise<void> {
  const events = played.flatMap((one) => one.events)
  for (const { title, rows: lines } of (await rows?.tables(scene, events)) ?? []) {
    console.log(`\n  ${paint.bold(title)}\n${columns(lines, '    ')}`)
  }
  const total = (count: (one: Played) => number) => played.reduce((sum, one) => sum + count(one), 0)
  const problems = total((one) => one.problems.length)
  console.log(`
  ${total(({ deliveries }) => deliveries)} deliveries of ${events.length} events, ${total(({ applied }) => applied)} effects, ${total(({ verified }) => verified)} receipts verified: ${problems === 0 ? paint.green('all well') : paint.red(`${problems} problems`)}

  ${paint.dim('Look on:')}
    npx bees verify ${played.at(-1)?.process ?? '<process id>'}
    npx bees demo --seed ${seed}   ${paint.dim('the same events again: nothing changes')}
    ${url}/metrics
`)
  if (problems > 0) process.exitCode = 1
}
