/**
 * Joins JSON texts of arrays into one, without parsing: numbers keep their digits. `null` and empty arrays add nothing.
 * `undefined` when nothing is left.
 */
export function joinJsonArrays(texts: readonly string[]): string | undefined {
  const contents = texts
    .map((text) => text.trim())
    .filter((text) => text.startsWith('['))
    .map((text) => text.slice(1, -1).trim())
    .filter((content) => content !== '')
  return contents.length === 0 ? undefined : `[${contents.join(',')}]`
}
