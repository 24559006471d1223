import { jsonProblem } from '../../bee/index.ts'
import type { Json } from '../../canonical.ts'
import type { RecordedItems } from './types.ts'

/** Items of one transaction, each with its place in the body. */
export interface Batch {
  readonly items: readonly Json[]
  readonly places: readonly number[]
}

export interface Batches {
  readonly batches: readonly Batch[]
  /** Items that are in none. */
  readonly refusals: RecordedItems['refusals']
}

const mostItems = 500
const mostChars = 600_000
const mostCharsOfOne = 65_536
const deepest = 32

/**
 * Cuts a body into transactions. The cuts depend on nothing but the body, so that one that is sent again makes the same
 * transactions and each of them counts once.
 */
export function batchesOf(items: readonly (Json | undefined)[]): Batches {
  const batches: { items: Json[]; places: number[] }[] = []
  const refusals: { index: number; reason: string }[] = []
  let chars = 0
  for (const [index, item] of items.entries()) {
    const reason = problemOf(item)
    const size = item === undefined || reason !== undefined ? 0 : JSON.stringify(item).length
    if (item === undefined || reason !== undefined || size > mostCharsOfOne) {
      refusals.push({ index, reason: reason ?? 'too_large' })
      continue
    }
    let batch = batches.at(-1)
    if (batch === undefined || batch.items.length >= mostItems || chars + size > mostChars) {
      batch = { items: [], places: [] }
      batches.push(batch)
      chars = 0
    }
    batch.items.push(item)
    batch.places.push(index)
    chars += size
  }
  return { batches, refusals }
}

/** What would make the task refuse the whole batch because of one item. */
function problemOf(item: Json | undefined): string | undefined {
  if (item === undefined) return 'not_json'
  if (isTooDeep(item)) return 'too_large'
  // Names that reach prototypes, text that is no Unicode or holds NUL, numbers that are none.
  return jsonProblem(item) === undefined ? undefined : 'unsafe_json'
}

/** Without recursion: this is what protects everything that recurses. */
function isTooDeep(item: Json): boolean {
  let level: readonly Json[] = [item]
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > deepest) return true
    level = level.flatMap((value) => (typeof value === 'object' && value !== null ? Object.values(value) : []))
  }
  return false
}

const mostRefusalsTold = 100

/** The answers to all batches as one, with places in the body. */
export function sumOf(batches: Batches, answers: readonly RecordedItems[]): RecordedItems {
  const sum = (name: 'accepted' | 'duplicates' | 'ignored' | 'refused') =>
    answers.reduce((total, answer) => total + answer[name], 0)
  const told = answers.flatMap((answer, number) =>
    answer.refusals.map((refusal) => ({
      ...refusal,
      index: batches.batches[number]?.places[refusal.index] ?? refusal.index,
    })),
  )
  return {
    accepted: sum('accepted'),
    duplicates: sum('duplicates'),
    ignored: sum('ignored'),
    refused: sum('refused') + batches.refusals.length,
    refusals: [...batches.refusals, ...told].sort((a, b) => a.index - b.index).slice(0, mostRefusalsTold),
  }
}
