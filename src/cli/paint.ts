import { stripVTControlCharacters, styleText } from 'node:util'

type Style = Parameters<typeof styleText>[0]

/** Colours for a terminal; plain text where the output is a file or NO_COLOR is set. */
const paintWith = (style: Style) => (text: string) => styleText(style, text, { stream: process.stdout })

export const paint = {
  bold: paintWith('bold'),
  dim: paintWith('dim'),
  green: paintWith('green'),
  red: paintWith('red'),
  yellow: paintWith('yellow'),
  cyan: paintWith('cyan'),
} as const

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
