import { stripVTControlCharacters, styleText } from 'node:util'

type Style = Parameters<typeof styleText>[0]

/** Colours for a terminal; plain text where the output is a file or NO_COLOR is set. */
function paintFor(stream: NodeJS.WriteStream) {
  const paintWith = (style: Style) => (text: string) => styleText(style, text, { stream })
  return {
    bold: paintWith('bold'),
    dim: paintWith('dim'),
    green: paintWith('green'),
    red: paintWith('red'),
    yellow: paintWith('yellow'),
    cyan: paintWith('cyan'),
  } as const
}

export const paint = paintFor(process.stdout)

/** For what goes to standard error, which may be a file while standard output is a terminal. */
export const paintError = paintFor(process.stderr)

/** Rows of cells as aligned columns; the last column is not padded. */
export function columns(rows: readonly (readonly string[])[], indent = '  '): string {
  const widths = rows.reduce<number[]>((all, row) => row.map((cell, i) => Math.max(all[i] ?? 0, visible(cell))), [])
  return rows
    .map(
      (row) =>
        indent +
        row
          .map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd((widths[i] ?? 0) + cell.length - visible(cell))))
          .join('  '),
    )
    .join('\n')
}

/** Length without the escape sequences. */
function visible(text: string): number {
  return stripVTControlCharacters(text).length
}

/**
 * Foreign text, fit for a terminal: characters that move the cursor, colour, hide or turn what stands there (controls,
 * escape sequences, bidirectional marks) show as \u escapes. A forged receipt must not be able to paint "valid".
 */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`,
  )
}
