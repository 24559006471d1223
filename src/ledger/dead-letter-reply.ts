import { z } from 'zod'
import type { Json } from '../canonical.ts'
import { BeeError } from '../errors.ts'
import { parse, untrusted } from './reply.ts'
import type { DeadLetter, DeadLetterHead, NewRedrive, Redrive } from './types.ts'

const v = z.literal(1)
const time = z.iso.datetime({ offset: true })
const digest = z.string().regex(/^[0-9a-f]{64}$/)

const stored = z.object({ v, outcome: z.literal('stored'), source: z.string(), id: z.string() })

export function readDeadLetter(source: string, id: string, data: unknown): void {
  const reply = parse(stored, data)
  if (reply.source !== source || reply.id !== id) throw untrusted('it speaks of another event')
}

const head = z.object({
  source: z.string(),
  id: z.string(),
  payload_digest: digest,
  code: z.string(),
  stored_at: time,
})
const page = z.object({ v, outcome: z.literal('dead_letters'), letters: z.array(head) })

export const readDeadLetters = (data: unknown): readonly DeadLetterHead[] => parse(page, data).letters

// Comes out of JSON.parse, so it is JSON if it is there at all.
const payload = z.custom<Json>((value) => value !== undefined)
const letters = z.object({
  ...{ v, outcome: z.literal('dead_letter'), source: z.string(), id: z.string() },
  letters: z.array(head.extend({ payload })),
})

export function readLetters(
  source: string,
  id: string,
  data: unknown,
): readonly (DeadLetterHead & Pick<DeadLetter, 'payload'>)[] {
  const reply = parse(letters, data)
  const all = [reply, ...reply.letters]
  if (all.some((each) => each.source !== source || each.id !== id)) throw untrusted('it speaks of another event')
  return reply.letters
}

const recorded = z.object({ v, outcome: z.enum(['recorded', 'unknown_letter', 'other_subject']), process: z.string() })

/** @throws BeeError BEE_DEAD_NOT_FOUND, BEE_TRANSACTION_REFUSED */
export function readRecorded(redrive: NewRedrive, data: unknown): void {
  const reply = parse(recorded, data)
  if (reply.process !== redrive.process) throw untrusted('it speaks of another process')
  if (reply.outcome === 'recorded') return
  const { outcome } = reply
  if (outcome === 'unknown_letter') {
    const what = `${redrive.source}/${redrive.subject} with the digest ${redrive.digest}`
    throw new BeeError('BEE_DEAD_NOT_FOUND', `There is no dead letter ${what}.`, { details: { outcome } })
  }
  const message = `Process ${redrive.process} is recorded as the redrive of something else.`
  throw new BeeError('BEE_TRANSACTION_REFUSED', message, { details: { outcome } })
}

const redrive: z.ZodType<Redrive> = z.object({
  id: z.string(),
  kind: z.enum(['letter', 'process']),
  source: z.string(),
  subject: z.string(),
  digest,
  process: z.string(),
  kid: z.string(),
  statement: z.string(),
  recorded_at: time,
})
const redrives = z.object({ v, outcome: z.literal('redrives'), redrives: z.array(redrive) })

export const readRedrives = (data: unknown): readonly Redrive[] => parse(redrives, data).redrives
