import { digestOf, z } from '../../../src/bee/index.ts'

/** A row of security.audit, its time in RFC 3339 with microseconds, as `bees.rfc3339` writes it. */
export const auditEntry = z.object({
  seq: z.int().min(1),
  previous: z.string().nullable(),
  at: z.string(),
  entry: z.record(z.string(), z.json()),
  hash: z.string(),
})
export type AuditEntry = z.output<typeof auditEntry>

export interface AuditProblem {
  readonly seq: number
  /** `gap`: entries before it are missing. `previous`: it does not follow the one before. `hash`: it was changed. `end`: cut off. */
  readonly problem: 'gap' | 'previous' | 'hash' | 'end'
}

export interface AuditExpectations {
  /** The chain that the rows are from. */
  readonly tenant: string
  /** The entry before the first row, where the rows are not the beginning. @default the beginning */
  readonly before?: { readonly seq: number; readonly hash: string | null } | undefined
  /** An end that is known from elsewhere, such as a receipt: the chain must contain it. */
  readonly head?: { readonly seq: number; readonly hash: string | null } | undefined
}

/**
 * Checks a chain of audit entries without the database: every hash, every link, and that nothing was cut off that a known
 * end speaks of. Rows in the order of `seq`.
 */
export function verifyAudit(rows: readonly AuditEntry[], expected: AuditExpectations): readonly AuditProblem[] {
  const problems: AuditProblem[] = []
  let before = expected.before ?? { seq: 0, hash: null }
  for (const { seq, previous, at, entry, hash } of rows) {
    if (seq !== before.seq + 1) problems.push({ seq, problem: 'gap' })
    else if (previous !== before.hash) problems.push({ seq, problem: 'previous' })
    if (digestOf({ v: 1, tenant: expected.tenant, seq, previous, at, entry }) !== hash)
      problems.push({ seq, problem: 'hash' })
    before = { seq, hash }
  }
  const { head } = expected
  if (head !== undefined && head.seq > 0) {
    const found = rows.find(({ seq }) => seq === head.seq)
    if (found === undefined ? before.seq < head.seq : found.hash !== head.hash) {
      problems.push({ seq: head.seq, problem: 'end' })
    }
  }
  return problems
}
