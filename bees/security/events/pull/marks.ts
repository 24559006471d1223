import { z } from '../../../../src/bee/index.ts'

/** A walk over a table in steps of some blocks, again and again. */
const walk = z.object({
  /** Where the next step begins. */
  block: z.int().min(0),
  /** When this round and the one before began, milliseconds of the database's clock. */
  round_ms: z.int().min(0),
  before_ms: z.int().min(0),
})
export type Walk = z.output<typeof walk>

/** How far the tables of the auth schema have been read. */
export const pullMarks = z.object({
  /** The first block of the newest end that has not been read to its end. */
  tail: z.int().min(0),
  audit: walk,
  sessions: walk,
})
export type PullMarks = z.output<typeof pullMarks>

/** Blocks of the newest end that are read again each time: rows committed later than those behind them. */
const tailOverlap = 16
/** What a row's time may lie before the moment at which it could be seen. */
const lateMs = 300_000

/** At the first run: nothing of before, but for the last minutes. */
export function firstMarks(auditBlocks: number, nowMs: number): PullMarks {
  const begin = { block: 0, round_ms: nowMs, before_ms: nowMs }
  return { tail: Math.max(0, auditBlocks - tailOverlap), audit: begin, sessions: begin }
}

/** A part of a table to read: blocks from `from` up to, but without, `to`, and of them rows since. */
export interface Part {
  readonly from: number
  readonly to: number
  readonly since_ms: number
}

/** The newest end, in pages. A table that has become smaller was rewritten: its last blocks are read. */
export function tailParts(marks: PullMarks, blocks: number, page: number, pages: number): readonly Part[] {
  const begin = Math.max(0, Math.min(marks.tail, blocks) - tailOverlap)
  return partsOf(begin, blocks, page, pages, marks.audit.before_ms - lateMs)
}

/** The next step of a walk. */
export function walkParts(mark: Walk, blocks: number, page: number, pages: number): readonly Part[] {
  return partsOf(Math.min(mark.block, blocks), blocks, page, pages, mark.before_ms - lateMs)
}

function partsOf(begin: number, end: number, page: number, pages: number, sinceMs: number): readonly Part[] {
  const parts: Part[] = []
  for (let from = begin; from < end && parts.length < pages; from += page) {
    parts.push({ from, to: Math.min(from + page, end), since_ms: Math.max(0, sinceMs) })
  }
  return parts
}

/** The mark after a part was kept: at the end of the table another round begins. */
export function walked(mark: Walk, to: number, blocks: number, nowMs: number): Walk {
  return to < blocks ? { ...mark, block: to } : { block: 0, round_ms: nowMs, before_ms: mark.round_ms }
}
