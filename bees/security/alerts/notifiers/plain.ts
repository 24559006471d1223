/** Texts of incidents may hold what an attacker typed (a path, a user agent). They reach people as text and nothing else. */

/**
 * One line without control characters, characters that turn the direction of writing, or invisible ones; addresses of pages
 * are written so that no program makes a link of them.
 *
 * @param most characters; what is longer ends with …
 */
export function plain(text: string, most: number): string {
  const line = text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/\p{Cf}/gu, '')
    .replace(/(\w+):\/\//gu, '$1[:]//')
    .replace(/\s+/gu, ' ')
    .trim()
  const characters = [...line]
  return characters.length > most ? `${characters.slice(0, most - 1).join('')}…` : line
}

/** RFC 3339, seconds, UTC. */
export const timeText = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
