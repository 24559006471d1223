import { canonicalJson } from '../../../src/canonical.ts'
import type { Remains } from './recorder.ts'

/** That everything has come once more, and every entitlement was computed anew, has changed nothing. @returns what has changed, a line each */
export function checkReplay(before: Remains, after: Remains): readonly string[] {
  const problems: string[] = []
  const more = after.written.slice(before.written.length)
  for (const { table, op, row } of more) problems.push(`replay: ${op} of ${table} ${row['id']}`)
  for (const [name, rows] of Object.entries(after.tables)) {
    const texts = (of: readonly object[]) => of.map((row) => canonicalJson(row)).toSorted()
    const [old, now] = [texts(before.tables[name] ?? []), texts(rows)]
    const lost = old.filter((text) => !now.includes(text))
    const gained = now.filter((text) => !old.includes(text))
    if (lost.length + gained.length > 0)
      problems.push(`replay: finance.${name} has changed: ${lost[0] ?? 'nothing'} became ${gained[0] ?? 'nothing'}`)
  }
  return problems
}
