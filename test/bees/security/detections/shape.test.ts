import { describe, expect, test } from 'vitest'
import { responses } from '../../../../bees/security/findings.ts'
import { loadRuleFolder, type Rule } from '../../../../bees/security/rules/index.ts'
import { ruleTexts } from './rule-documents.ts'

const keyOrder = [
  'id',
  'number',
  'version',
  'title',
  'description',
  'maturity',
  'signal',
  'severity',
  'confidence',
  'attack',
  'entity',
  'related',
  'dedup',
  'suppress',
  'quiet',
  'falsepositives',
  'response',
  'risk',
  'settings',
  'detection',
  'any',
  'explain',
  'fixtures',
]
const optional = new Set(['signal', 'quiet', 'explain'])

/** Response of the rule and of its clauses, as positions on the ladder. */
const rungsOf = (rule: Pick<Rule, 'response' | 'any'>) =>
  [rule.response, ...rule.any.map(({ response }) => response)]
    .filter((rung) => rung !== null && rung !== undefined)
    .map((rung) => responses.indexOf(rung))

describe('the rules that come with the Security Bee', () => {
  test('load together', () => {
    expect(loadRuleFolder().rules.length).toBe(ruleTexts.length)
  })

  test.each(Array.from({ length: 30 }, (_, index) => index + 1))(
    'detection %i is there, and tells people',
    (number) => {
      const rules = ruleTexts.filter(({ rule }) => rule.number === number && rule.signal !== true)
      expect(rules.length).toBeGreaterThan(0)
      expect(rules.some(({ rule }) => rule.maturity === 'stable')).toBe(true)
      for (const kind of ['positive', 'negative'] as const) {
        expect(rules.flatMap(({ rule }) => rule.fixtures[kind]).length).toBeGreaterThanOrEqual(2)
      }
    },
  )

  test('each file holds the rules of the number in its name', () => {
    for (const { file, rule } of ruleTexts)
      expect(`${file} ${rule.id} ${rule.number}`).toBe(`${file} ${rule.id} ${Number(file.slice(0, 2))}`)
  })

  test.each(ruleTexts.map(({ rule }) => [rule.id, rule] as const))('%s is written like the others', (_id, rule) => {
    const keys = Object.keys(rule)
    expect(keys).toEqual(keyOrder.filter((key) => !optional.has(key) || keys.includes(key)))
    for (const tag of rule.attack) expect(tag).toMatch(/^T\d{4}(\.\d{3})?$/)
    expect(rule.fixtures.positive.length).toBeGreaterThanOrEqual(2)
    expect(rule.fixtures.negative.length).toBeGreaterThanOrEqual(2)
    for (const kind of ['positive', 'negative'] as const) {
      const names = rule.fixtures[kind].map(({ name }) => name)
      expect(new Set(names).size).toBe(names.length)
    }
    expect(rule.falsepositives.length).toBeGreaterThan(0)
  })

  test.each(ruleTexts.map(({ rule }) => [rule.id, rule] as const))('%s says what its settings mean', (_id, rule) => {
    const used = new Set(
      [...JSON.stringify([rule.detection, rule.any]).matchAll(/"\$([a-z][a-z0-9_]*)"/g)].map(([, name]) => name),
    )
    expect([...used].sort()).toEqual(Object.keys(rule.settings).sort())
    for (const setting of Object.values(rule.settings)) expect(setting).toHaveProperty('about')
  })

  test('every setting has a comment that tells where its value comes from', () => {
    for (const { rule, text } of ruleTexts) {
      if (Object.keys(rule.settings).length === 0) continue
      const settings = /^settings:\n((?: .*\n)+)/m.exec(text)?.[1] ?? ''
      expect(`${rule.id}: ${/^ {2}# \S/m.test(settings)}`).toBe(`${rule.id}: true`)
    }
  })

  test('travel alone asks for a challenge at most', () => {
    for (const { rule } of ruleTexts.filter(({ rule }) => rule.number === 6)) {
      expect(Math.max(-1, ...rungsOf(rule))).toBeLessThanOrEqual(responses.indexOf('challenge'))
    }
  })

  test('no rule blocks a network, and none blocks an address on low confidence or for a shared one', () => {
    for (const { rule } of ruleTexts) {
      const rungs = rungsOf(rule)
      expect(rungs).not.toContain(responses.indexOf('block_range'))
      if (!rungs.includes(responses.indexOf('block_ip'))) continue
      expect(rule).toMatchObject({ confidence: 'high', entity: { kind: 'ip' } })
    }
  })

  test('signals are silent: no severity, no risk, no response', () => {
    for (const { rule } of ruleTexts.filter(({ rule }) => rule.signal === true)) {
      expect(rule).toMatchObject({ severity: 'info', risk: 0, response: null })
    }
  })

  test('severity low and below does nothing to people', () => {
    for (const { rule } of ruleTexts) {
      for (const clause of rule.any) {
        const severity = clause.severity ?? rule.severity
        const response = clause.response === undefined ? rule.response : clause.response
        if (severity !== 'low' && severity !== 'info') continue
        const rung = response === null ? -1 : responses.indexOf(response)
        expect(`${rule.id}: ${rung <= responses.indexOf('throttle')}`).toBe(`${rule.id}: true`)
      }
    }
  })

  test('no rule and no fixture holds personal data', () => {
    for (const { rule, text } of ruleTexts) {
      const found = [
        ...text.matchAll(/[\w.+-]+@[\w-]+\.\w+/g),
        ...text.matchAll(/\+\d{7,}/g),
        ...text.matchAll(/\b\d{13,19}\b/g),
        ...text.matchAll(/\beyJ[\w-]{5,}|\bsk_live|\bsb_secret_\w/g),
      ].map(([match]) => match)
      expect({ id: rule.id, found }).toEqual({ id: rule.id, found: [] })
      for (const explanation of [rule.explain, ...rule.any.map(({ explain }) => explain)]) {
        const told = [...(explanation ?? '').matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
        for (const personal of [
          'identifier',
          'account',
          'user_uid',
          'actor_uid',
          'session_uid',
          'card',
          'device',
          'data',
        ]) {
          expect(told).not.toContain(personal)
        }
      }
    }
  })

  test('fixtures keep to addresses, networks and names that are nobody’s', () => {
    const documentation = /^(192\.0\.2\.|198\.51\.|203\.0\.|198\.\{|2001:db8:)/
    for (const { rule } of ruleTexts) {
      for (const fixture of [...rule.fixtures.positive, ...rule.fixtures.negative]) {
        for (const event of fixture.events) {
          const varied = event.vary?.src_ip ?? []
          for (const address of [event.src_ip ?? [], varied].flat()) expect(String(address)).toMatch(documentation)
        }
      }
    }
  })
})
