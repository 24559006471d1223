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
    expect(text).toContain(`: \`${id}\`\n`)
    for (const name of Object.keys(settings)) expect(text).toContain(`| \`${name}\` | `)
  }
})

test('every detection says what it needs and what to do', () => {
  for (let number = 1; number <= 30; number++) {
    expect(advices[number]?.needs.length).toBeGreaterThan(20)
    expect(advices[number]?.act.length).toBeGreaterThan(20)
  }
})
