import { z } from 'zod'
import { ProcessState } from '../../colonies/index.ts'
import { BeeError } from '../../errors.ts'
import type { DeadLetterPlace, RedriveSubject } from '../../ledger/index.ts'
import { letterId, letterTasks } from './dead-thing.ts'
import { deadProcess } from './find-dead.ts'
import { type DeadPorts, ledgerBudget } from './ports.ts'

/** One line of the list. Neither input nor message: these may be personal. */
export interface DeadLine {
  readonly id: string
  readonly kind: 'letter' | 'process'
  /** RFC 3339. */
  readonly at: string
  /** `<bee>/<task>`; empty for a letter that no task takes. */
  readonly task: string
  readonly code: string
  /** Of a letter: tells apart what came under one id. Empty for a process. */
  readonly digest: string
  /** How often it was handed in again. */
  readonly redriven: number
  /** The process of the last time; null when it was not. */
  readonly process: string | null
}

export interface DeadPage {
  readonly lines: readonly DeadLine[]
  /** For the next page; null at the end. */
  readonly next: string | null
  /** Bees of which the broker knows more failed processes than it lists. */
  readonly cutOff: readonly string[]
}

type Candidate = Omit<DeadLine, 'redriven' | 'process'> & { readonly subject: RedriveSubject }

/** The broker lists no more, and has no pages. */
const MOST_PROCESSES = 100
const place = z.tuple([z.iso.datetime({ offset: true }), z.string(), z.string(), z.string()])

/**
 * Dead letters and failed processes together, newest first.
 *
 * @param before `next` of the page before.
 * @throws BeeError BEE_USAGE for a place that is none
 */
export async function listDead(
  ports: DeadPorts,
  { limit, before }: { readonly limit: number; readonly before?: string | undefined },
): Promise<DeadPage> {
  const from = before === undefined ? null : parsePlace(before)
  const letters = await ports.ledger.deadLetters({ limit, before: from }, ledgerBudget())
  const failed = await failedProcesses(ports)
  const all: readonly Candidate[] = [
    ...letters.map(({ source, id, code, payload_digest, stored_at }) => {
      const target = letterTasks[source]
      return {
        subject: { kind: 'letter' as const, source, subject: id },
        ...{ id: letterId(source, id), kind: 'letter' as const, at: stored_at, code, digest: payload_digest },
        task: target === undefined ? '' : `${target.bee}/${target.task}`,
      }
    }),
    ...failed.candidates.filter((each) => from === null || order(each, placed(from)) > 0),
  ]
  const page = all.toSorted(order).slice(0, limit)
  const redrives = await ports.ledger.redrives(
    ports.colony,
    page.map(({ subject }) => subject),
    ledgerBudget(),
  )
  const lines = page.map(({ subject, ...line }): DeadLine => {
    const own = redrives.filter(
      (redrive) =>
        redrive.kind === subject.kind &&
        redrive.source === subject.source &&
        redrive.subject === subject.subject &&
        (subject.kind === 'process' || redrive.digest === line.digest),
    )
    return { ...line, redriven: own.length, process: own[0]?.process ?? null }
  })
  const last = page.at(-1)
  const more = all.length > page.length || letters.length === limit
  return { lines, next: more && last !== undefined ? placeOf(last) : null, cutOff: failed.cutOff }
}

async function failedProcesses({ client, colony, bees }: DeadPorts) {
  const candidates: Candidate[] = []
  const cutOff: string[] = []
  for (const { name, executorType } of bees) {
    const found = await client.getProcesses(colony, MOST_PROCESSES, ProcessState.FAILED, { executorType })
    if (found.length === MOST_PROCESSES) cutOff.push(name)
    for (const process of found) {
      const { subject, id, at, bee, task, code } = deadProcess(process)
      candidates.push({ subject, id, kind: 'process', at, task: `${bee}/${task}`, code, digest: '' })
    }
  }
  return { candidates, cutOff }
}

interface Ordered extends Pick<Candidate, 'at' | 'digest'> {
  readonly subject: Pick<RedriveSubject, 'source' | 'subject'>
}

/** Newest first; at one moment letters before processes, then as the database orders them. */
function order(a: Ordered, b: Ordered): number {
  const key = ({ subject, digest }: Ordered) => [subject.source, subject.subject, digest]
  const [left, right] = [key(a), key(b)]
  const times = Date.parse(b.at) - Date.parse(a.at)
  if (times !== 0) return times
  const differs = left.findIndex((part, index) => part !== right[index])
  return differs < 0 ? 0 : (left[differs] ?? '') < (right[differs] ?? '') ? 1 : -1
}

const placed = ({ stored_at, source, id, payload_digest }: DeadLetterPlace): Ordered => ({
  at: stored_at,
  digest: payload_digest,
  subject: { source, subject: id },
})

const placeOf = ({ at, subject, digest }: Candidate): string =>
  Buffer.from(JSON.stringify([at, subject.source, subject.subject, digest])).toString('base64url')

function parsePlace(text: string): DeadLetterPlace {
  const wrong = () => new BeeError('BEE_USAGE', '--before: expected what the page before has printed.')
  let json: unknown
  try {
    json = JSON.parse(Buffer.from(text, 'base64url').toString())
  } catch {
    throw wrong()
  }
  const parsed = place.safeParse(json)
  if (!parsed.success) throw wrong()
  const [stored_at, source, id, payload_digest] = parsed.data
  return { stored_at, source, id, payload_digest }
}
