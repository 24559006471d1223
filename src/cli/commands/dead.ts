import type { Config } from '../../config.ts'
import { BeeError } from '../../errors.ts'
import { createSubmitter } from '../../fleet/index.ts'
import { systemClock } from '../../resilience/index.ts'
import { SigningKey } from '../../trust/index.ts'
import { required } from '../connect.ts'
import { shownErrors, shownInput, taskOf } from '../dead/dead-thing.ts'
import { checkGenuine, findDead } from '../dead/find-dead.ts'
import { type DeadPage, listDead } from '../dead/list-dead.ts'
import { type DeadPorts, deadPorts } from '../dead/ports.ts'
import { isGenuine, redrive, redrivesOf } from '../dead/redrive.ts'
import { runningConfig } from '../environment.ts'
import { columns, paint, printable } from '../paint.ts'
import { expectBroker, reachProblem } from '../reach.ts'

export interface DeadListOptions {
  readonly limit: string
  readonly before?: string | undefined
  readonly json?: boolean | undefined
}

/** Dead letters and failed processes, newest first. */
export async function deadList(options: DeadListOptions): Promise<void> {
  const limit = Number(options.limit)
  if (!Number.isInteger(limit) || limit < 1 || limit > 100) {
    throw new BeeError('BEE_USAGE', `--limit: received "${options.limit}", expected an integer from 1 to 100.`)
  }
  const page = await connected(({ ports }) => listDead(ports, { limit, before: options.before }))
  if (options.json === true) console.log(JSON.stringify(page, null, 2))
  else printPage(page)
}

function printPage({ lines, next, cutOff }: DeadPage): void {
  if (lines.length === 0) console.log('Nothing: no dead letter, no failed process.')
  else {
    const rows = lines.map(({ at, id, task, code, redriven, process }) => [
      at,
      paint.cyan(printable(id)),
      printable(task),
      printable(code),
      process === null ? '' : `handed in again ${redriven === 1 ? '' : `${redriven} times, last `}as ${process}`,
    ])
    console.log(columns(rows, ''))
  }
  for (const bee of cutOff) console.log(paint.dim(`The broker lists the latest 100 failed processes of ${bee} only.`))
  if (next !== null) console.log(paint.dim(`more: bees dead list --before ${next}`))
}

export interface DeadShowOptions {
  readonly digest?: string | undefined
  readonly json?: boolean | undefined
}

/** One of them: what it says (without its sensitive fields), whether it is genuine, and who has handed it in again. */
export async function deadShow(id: string, options: DeadShowOptions): Promise<void> {
  const { problem, redrives, ...shown } = await connected(({ ports }) => look(id, options, ports))
  if (options.json === true) {
    console.log(JSON.stringify({ ...shown, problem: problem?.code ?? null, redrives }, null, 2))
    return
  }
  const facts: readonly (readonly [string, string])[] = [
    ['id', shown.id],
    ['since', shown.at],
    ['task', shown.task],
    ['code', shown.code],
    ...shown.errors.map((error) => ['error', error] as const),
    ['digest', shown.digest],
  ]
  console.log(columns(facts.map((row) => row.map(printable))))
  console.log(problem === null ? paint.green('genuine') : paint.red(printable(`${problem.code}: ${problem.message}`)))
  console.log(JSON.stringify(shown.input, null, 2).split('\n').map(printable).join('\n'))
  for (const { process, kid, at, genuine } of redrives) {
    const mark = genuine ? paint.green('signed') : paint.red('no trusted signature')
    console.log(`handed in again at ${at} by ${printable(kid)} as process ${printable(process)} (${mark})`)
  }
}

async function look(id: string, { digest }: DeadShowOptions, ports: DeadPorts) {
  const dead = await findDead(id, ports, digest)
  const task = taskOf(ports.bees, dead.bee, dead.task)
  const problem = await checkGenuine(dead, ports).then(
    () => null,
    (error: unknown) => {
      if (error instanceof BeeError) return error
      throw error
    },
  )
  const redrives = (await redrivesOf(dead, ports)).map((row) => ({
    ...{ process: row.process, kid: row.kid, at: row.recorded_at, genuine: isGenuine(row, ports) },
  }))
  return {
    id: dead.id,
    at: dead.at,
    task: `${dead.bee}/${dead.task}`,
    code: dead.code,
    errors: shownErrors(task, dead.input, dead.errors),
    digest: dead.digest,
    genuine: problem === null,
    problem,
    input: shownInput(task, dead.input),
    redrives,
  }
}

export interface RedriveOptions extends DeadShowOptions {
  readonly again?: boolean | undefined
  readonly wait: boolean
  readonly timeout: string
}

/** Hands it in again. Exit code 0: it is done now (or, with --no-wait, handed in). */
export async function deadRedrive(id: string, options: RedriveOptions): Promise<void> {
  const timeoutMs = Number(options.timeout) * 1000
  if (!(timeoutMs > 0))
    throw new BeeError('BEE_USAGE', `--timeout: received "${options.timeout}", expected a number of seconds above 0.`)
  const done = await connected(({ ports, config }) => handIn(id, options, timeoutMs, ports, config))
  const { processId, final } = done
  if (final === undefined) {
    console.log(options.json === true ? JSON.stringify({ process: processId }) : processId)
    return
  }
  const { state, result, errors } = final
  if (options.json === true) console.log(JSON.stringify({ process: processId, state, result, errors }, null, 2))
  else {
    console.log(`${paint.dim('process')} ${processId}`)
    console.log(
      state === 'success' ? JSON.stringify(result, null, 2) : paint.red(printable(`${state}: ${errors.join('; ')}`)),
    )
  }
  if (state !== 'success') process.exitCode = 1
}

async function handIn(id: string, options: RedriveOptions, timeoutMs: number, ports: DeadPorts, config: Config) {
  const key = new SigningKey(required(config, 'BEES_SUBMITTER_KEY'))
  const { client, colony, bees } = ports
  const submitter = createSubmitter({ client, colony, bees, envelopeKey: key, clock: systemClock })
  const dead = await findDead(id, ports, options.digest)
  const { processId } = await redrive(dead, { ...ports, submitter, key }, { again: options.again })
  if (!options.wait) return { processId, final: undefined }
  try {
    return { processId, final: await submitter.waitFor(processId, { timeoutMs }) }
  } catch (error) {
    if (!(error instanceof BeeError) || error.code !== 'BEE_DEADLINE') throw error
    const message = `process ${processId} has not ended after ${options.timeout} s.`
    throw new BeeError('BEE_NOT_ENDED', message, { cause: error })
  }
}

/** Does the work with broker and database at hand; what one of them cannot do is told for a person. */
async function connected<Done>(
  work: (at: { readonly ports: DeadPorts; readonly config: Config }) => Promise<Done>,
): Promise<Done> {
  const config = await runningConfig()
  await expectBroker(config)
  try {
    return await work({ ports: await deadPorts(config), config })
  } catch (error) {
    throw reachProblem(config, error)
  }
}
