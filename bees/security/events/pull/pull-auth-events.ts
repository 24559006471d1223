import { freshSteps, type Json, type Read, type Transact, z } from '../../../../src/bee/index.ts'
import { defineSecurityTask } from '../../services.ts'
import type { SecurityEvent } from '../event.ts'
import { recordReply } from '../recorded.ts'
import { firstMarks, type Part, type PullMarks, tailParts, walked, walkParts } from './marks.ts'
import { auditEntries, hookNotes, sessionsSeen, start } from './rows.ts'
import { auditEvent, hookEvent, type PullContext, sessionEvent } from './to-events.ts'

/** Blocks of 8 KB in one look, and looks in one run. */
const page = 32
const tailPages = 48
const walkPages = 8
/** Kept for the close. */
const reserveMs = 8000

const counts = ['events', 'duplicates'] as const

interface Found {
  readonly events: readonly (SecurityEvent | undefined)[]
  readonly marks: PullMarks
  readonly notes?: readonly number[]
}

/**
 * Takes in what the database itself knows: notes of the auth hooks, the auth server's audit log, its sessions. Reads from
 * where it stopped, some of it again, and keeps each event once, so that rows that were committed late are found and nothing
 * counts twice. Two runs at once do no harm.
 */
export const pullAuthEvents = defineSecurityTask({
  description:
    'Takes security events from the auth hooks, the auth audit log and the sessions of this Supabase project.',
  input: z.object({}),
  output: z.object({
    events: z.int(),
    duplicates: z.int(),
    /** False: there is more, the next run goes on. */
    complete: z.boolean(),
  }),
  deadlineMs: 60_000,
  reads: true,
  concurrency: 1,
  counts,
  schedule: { everyS: 10, input: {} },
  run: async ({ services, transact, read, count, process, shuttingDown }) => {
    const { ingest } = services
    const { tenant } = ingest
    const done = { events: 0, duplicates: 0, complete: true }
    const steps = await freshSteps(transact, { op: 'begin' })
    // Without a key the bee has not been switched on.
    if (steps === undefined || !ingest.isOn) return { ...done, complete: false }
    const began = start.parse(await read({ what: 'start', tenant }))
    const context = { tenant, pseudonyms: ingest.pseudonymsOf(tenant), authLog: began.auth_log }
    // Parts without anything are kept together with the next one that has something.
    let empty: Found | undefined
    for await (const found of everything(began, read, context)) {
      if (process.remainingMs() < reserveMs || shuttingDown.aborted || steps.left() < 2) {
        return { ...done, complete: false }
      }
      empty = isEmpty(found) ? found : undefined
      if (empty !== undefined) continue
      const { accepted, duplicates } = await keep(found, steps.transact, tenant, ingest.retentionDays)
      done.events += accepted
      done.duplicates += duplicates
      if (accepted > 0) count('events', accepted)
      if (duplicates > 0) count('duplicates', duplicates)
    }
    if (empty !== undefined) await keep(empty, steps.transact, tenant, ingest.retentionDays)
    return done
  },
})

const isEmpty = ({ events, notes = [] }: Found) => events.length === 0 && notes.length === 0

async function keep({ events, marks, notes = [] }: Found, transact: Transact, tenant: string, days: number) {
  const known = events.filter((event) => event !== undefined)
  const payload = { op: 'keep', tenant, retention_days: days, events: known as Json, marks, notes: [...notes] }
  return recordReply.parse((await transact(payload)).output)
}

/** All that there is to keep, each piece with the marks as they stand once it is kept. */
async function* everything(began: z.output<typeof start>, read: Read, context: PullContext): AsyncGenerator<Found> {
  const { blocks, now_ms: nowMs } = began
  let marks = began.marks ?? firstMarks(blocks.audit ?? 0, nowMs)
  if (began.marks === null) yield { events: [], marks }

  for (let after = 0; ; ) {
    const notes = hookNotes.parse(await read({ what: 'notes', tenant: context.tenant, after }))
    const last = notes.at(-1)
    if (last === undefined) break
    yield { events: notes.map((note) => hookEvent(note, context)), marks, notes: notes.map(({ seq }) => seq) }
    after = last.seq
  }

  const audit = blocks.audit ?? 0
  for (const part of tailParts(marks, audit, page, tailPages)) {
    marks = { ...marks, tail: part.to }
    yield { events: await entriesOf(part, read, context), marks }
  }
  for (const part of walkParts(marks.audit, audit, page, walkPages)) {
    marks = { ...marks, audit: walked(marks.audit, part.to, audit, nowMs) }
    yield { events: await entriesOf(part, read, context), marks }
  }
  const sessions = blocks.sessions ?? 0
  for (const part of walkParts(marks.sessions, sessions, page, walkPages * 4)) {
    marks = { ...marks, sessions: walked(marks.sessions, part.to, sessions, nowMs) }
    const seen = sessionsSeen.parse(await read({ what: 'sessions', tenant: context.tenant, ...part }))
    yield { events: seen.map((session) => sessionEvent(session, context)), marks }
  }
}

async function entriesOf(part: Part, read: Read, context: PullContext) {
  const entries = auditEntries.parse(await read({ what: 'audit', tenant: context.tenant, ...part }))
  return entries.map((entry) => auditEvent(entry, context))
}
