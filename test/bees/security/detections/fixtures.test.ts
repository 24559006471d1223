import { describe, expect, test } from 'vitest'
import type { FixtureResult } from '../../../../bees/security/rules/index.ts'
import { playRule, ruleTexts } from './rule-documents.ts'

/** One case for each fixture of each rule that comes with the Security Bee. */
for (const { file, rule } of ruleTexts) {
  describe(`${file} ${rule.id}`, () => {
    let played: readonly FixtureResult[] | undefined
    for (const kind of ['positive', 'negative'] as const) {
      rule.fixtures[kind].forEach(({ name }, at) => {
        test(`${kind}: ${name}`, () => {
          played ??= playRule(rule.id)
          const result = played.filter((one) => one.kind === kind)[at]
          expect(result?.fixture).toBe(name)
          expect(result?.reason).toBe('')
        })
      })
    }
  })
}
