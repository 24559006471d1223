import type { Line } from './line.ts'

const columns = ['what', 'value', 'spread', 'goal', 'baseline', 'ratio'] as const satisfies readonly (keyof Line)[]
const titles: Line = {
  what: 'what',
  value: 'measured',
  spread: 'min–max',
  goal: 'goal',
  baseline: 'baseline of the same run',
  ratio: 'ratio',
}

/** The lines as one table in Markdown, which reads well on a screen too. */
export function table(lines: readonly Line[]): string {
  const widths = columns.map((column) => Math.max(...[titles, ...lines].map((line) => line[column].length)))
  const row = (line: Line): string =>
    `| ${columns.map((column, index) => line[column].padEnd(widths[index] ?? 0)).join(' | ')} |`
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`
  return [row(titles), rule, ...lines.map(row)].join('\n')
}
