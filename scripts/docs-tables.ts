/**
 * Writes the generated parts of docs/configuration.md and docs/errors.md: `npm run docs`. The tests compare, so a
 * variable or a code without documentation cannot land.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { configVariables } from '../src/config.ts'
import { catalogue } from '../src/errors.ts'

function fill(file: string, generated: string): void {
  const url = new URL(`../docs/${file}`, import.meta.url)
  const text = readFileSync(url, 'utf8')
  const [before, after] = [text.indexOf('<!-- generated -->'), text.indexOf('<!-- /generated -->')]
  if (before < 0 || after < 0) throw new Error(`docs/${file} has no generated part`)
  writeFileSync(url, `${text.slice(0, before)}<!-- generated -->\n\n${generated}\n\n${text.slice(after)}`)
}

fill(
  'configuration.md',
  [
    '| Variable | Meaning |',
    '|---|---|',
    ...configVariables.map(({ name, description }) => `| \`${name}\` | ${description} |`),
  ].join('\n'),
)
fill(
  'errors.md',
  Object.entries(catalogue)
    .map(([code, { failure, meaning, next }]) => `### ${code}\n\n\`${failure}\`. ${meaning}\n\nNext: ${next}`)
    .join('\n\n'),
)
