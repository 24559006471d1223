import { describe, expect, test } from 'vitest'
import { durationMs, type SettingValue } from '../../../../bees/security/rules/index.ts'
import { playRule, type RuleDocument, ruleTexts } from './rule-documents.ts'

type Mutation = readonly [how: string, value: SettingValue]

/**
 * Values far beyond a setting in either direction. A fixture has to notice each: raised, a positive one falls silent or
 * weakens; lowered, a benign look-alike wakes. A threshold that nobody notices is no threshold.
 */
function mutationsOf(name: string, value: SettingValue, about: string): readonly Mutation[] {
  if (Array.isArray(value))
    return [['without what is in it', [name === 'egress' ? '192.0.2.0/24' : name === 'off_hours' ? 25 : 'none-such']]]
  if (typeof value === 'string' && !Number.isNaN(durationMs(value)))
    return [
      ['shortened to', '1s'],
      ['lengthened to', '3650d'],
    ]
  if (typeof value !== 'number') return []
  if (name === 'evidence')
    return [
      ['raised to', value * 20],
      ['lowered to', 0.01],
    ]
  if (/share/i.test(about))
    return [
      ['raised to', 1],
      ['lowered to', 0],
    ]
  if (value <= 10)
    return [
      ['raised to', value * 3],
      ['lowered to', Math.max(1, Math.floor(value / 3))],
    ]
  return [
    ['raised to', value * 1000],
    ['lowered to', 1],
  ]
}

/** A number half as much again, and a third less: at least one of them has to be noticed, so fixtures stand near thresholds. */
function closeBy(name: string, value: number, about: string): readonly number[] {
  if (name === 'evidence') return [value * 20, 0.01]
  if (/share/i.test(about)) return [Math.min(1, value + 0.25), Math.max(0, value - 0.25)]
  return [Math.max(value + 1, Math.ceil(value * 1.5)), Math.min(value - 1, Math.floor(value / 1.5))]
}

/** The rule with another default, which no fixture overrides. */
function mutated(rule: RuleDocument, name: string, value: SettingValue): RuleDocument {
  const changed = structuredClone(rule) as RuleDocument & { settings: Record<string, SettingValue> }
  changed.settings[name] = value
  for (const fixture of [...changed.fixtures.positive, ...changed.fixtures.negative]) delete fixture.settings?.[name]
  return changed
}

for (const { file, rule } of ruleTexts) {
  const settings = Object.entries(rule.settings) as [string, { default: SettingValue; about: string }][]
  const cases = settings.flatMap(([name, { default: value, about }]) =>
    mutationsOf(name, value, about).map(([how, to]) => [name, how, to] as const),
  )
  if (cases.length === 0) continue
  const numbers = settings.flatMap(([name, { default: value, about }]) =>
    typeof value === 'number' ? [[name, closeBy(name, value, about)] as const] : [],
  )
  describe(`${file} ${rule.id}: a fixture notices`, () => {
    test.each(cases)('%s %s %j', (name, _how, value) => {
      const results = playRule(rule.id, mutated(rule, name, value))
      expect(results.length).toBeGreaterThanOrEqual(4)
      expect(results.filter(({ isPassed }) => !isPassed).length).toBeGreaterThan(0)
    })
    if (numbers.length > 0) {
      test.each(numbers)('%s a little off', (name, values) => {
        const isNoticed = values.some((value) =>
          playRule(rule.id, mutated(rule, name, value)).some(({ isPassed }) => !isPassed),
        )
        expect(isNoticed).toBe(true)
      })
    }
  })
}
