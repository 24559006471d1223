import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { loadRuleFolder } from '../../../../bees/security/rules/index.ts'
import { advices } from '../../../../scripts/detections-advice.ts'
import { detectionsDocument } from '../../../../scripts/detections-document.ts'

const { rules } = loadRuleFolder()
const text = readFileSync(new URL('../../../../docs/detections.md', import.meta.url), 'utf8')

test('docs/detections.md is what `npm run docs` writes', () => {
  expect(text).toBe(detectionsDocument(rules))
})

test('it has every rule and every setting', () => {
  for (const { id, settings } of rules) {
    expect(text).toContain(`- **\`${id}\`** (`)
    for (const name of Object.keys(settings)) expect(text).toContain(`| \`${id}\` | \`${name}\` | `)
  }
})

test('every detection says what it means, what it needs and what to do', () => {
  for (let number = 1; number <= 30; number++) {
    const { means = '', needs = '', first = '', after = '' } = advices[number] ?? {}
    for (const said of [means, needs, first, after]) expect(said.length).toBeGreaterThan(10)
    expect(means).toMatch(/^[^.]+$/)
    expect(first).toMatch(/^[^.]+\.$/)
  }
})

test('it opens with a table of the 30 attacks, which leads to their parts', () => {
  const [opening = ''] = text.split('\n## ')
  const rows = [...opening.matchAll(/^\| (\d+) \| \[[^\]]+\]\(#\S+\) \| .+ \| .+ \| .+ \| .+ \|$/gm)]
  expect(rows.map(([, number]) => Number(number))).toEqual(Array.from({ length: 30 }, (_, n) => n + 1))
})
