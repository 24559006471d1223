/** Deeper values are refused: digest and schema would recurse as deep. */
const MOST_DEPTH = 200

/**
 * Whether a JSON value is larger than a limit, without writing it out and without recursion: what a stranger submitted
 * is measured before anything else looks at it.
 * @param limit in characters of JSON text, roughly (escapes are not counted)
 */
export function exceedsSize(value: unknown, limit: number): boolean {
  let size = 0
  let level: readonly unknown[] = [value]
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MOST_DEPTH) return true
    const next: unknown[] = []
    for (const item of level) {
      if (typeof item === 'string') size += item.length + 2
      else if (Array.isArray(item)) {
        size += 2 + item.length
        for (const element of item) next.push(element)
      } else if (typeof item === 'object' && item !== null) {
        size += 2
        for (const [name, member] of Object.entries(item)) {
          size += name.length + 4
          next.push(member)
        }
      } else size += 4
      if (size > limit) return true
    }
    level = next
  }
  return false
}
