import { describe, expect, test } from 'vitest'
import { loadRuleFolder, loadRules } from '../../../../bees/security/rules/index.ts'
import { BeeError } from '../../../../src/bee/index.ts'
import { ruleText } from './playing.ts'

const match = [{ kind: 'match' }]

function mistakesOf(...texts: readonly string[]): string {
  try {
    loadRules(texts.map((text, at) => ({ name: `r${at}.yml`, text })))
  } catch (error) {
    if (!(error instanceof BeeError)) throw error
    expect(error.code).toBe('BEE_SECURITY_RULE_INVALID')
    return error.message
  }
  return ''
}
const mistakeIn = (parts: Record<string, unknown>): string => mistakesOf(ruleText({ any: match, ...parts }))

describe('loading', () => {
  test('takes what is right', () => {
    expect(mistakeIn({})).toBe('')
    expect(mistakesOf(`---\n${ruleText({ any: match })}\n---\n${ruleText({ id: 'second', any: match })}\n`)).toBe('')
    expect(loadRuleFolder().rules.length).toBeGreaterThan(29)
  })

  test.each<[string, Record<string, unknown>, string]>([
    ['id', { id: 'Bad Id' }, 'Bad Id: id: received "Bad Id", expected lower case'],
    ['id as a prototype', { id: '__proto__' }, 'id: received "__proto__"'],
    ['number', { number: 31 }, 'probe: number: received 31'],
    ['version', { version: 0 }, 'probe: version: received 0'],
    ['title', { title: '' }, 'probe: title: received ""'],
    [
      'description',
      { description: undefined },
      'probe: description: received nothing, expected a value of type string',
    ],
    ['maturity', { maturity: 'new' }, 'probe: maturity: received "new", expected one of stable, incubating, off'],
    ['severity', { severity: 'bad' }, 'probe: severity: received "bad", expected one of info, low'],
    ['confidence', { confidence: 1 }, 'probe: confidence: received 1'],
    ['attack', { attack: ['1110'] }, 'probe: attack[0]: received "1110"'],
    ['entity', { entity: { kind: 'cat', field: 'src_ip' } }, 'probe: entity.kind: received "cat"'],
    ['entity field', { entity: { kind: 'ip', field: 'ip' } }, 'probe: entity.field: received "ip"'],
    ['related', { related: [{ kind: 'ip', field: 'x' }] }, 'probe: related[0].field: received "x"'],
    ['dedup', { dedup: ['x'] }, 'probe: dedup[0]: received "x"'],
    ['suppress', { suppress: 60 }, 'probe: suppress: received 60'],
    ['suppress text', { suppress: 'an hour' }, 'probe: suppress: received "an hour", expected a duration such as'],
    ['quiet', { quiet: '1y' }, 'probe: quiet: received "1y"'],
    ['falsepositives', { falsepositives: [] }, 'probe: falsepositives: received []'],
    ['response', { response: 'shoot' }, 'probe: response: received "shoot"'],
    ['risk', { risk: -1 }, 'probe: risk: received -1'],
    ['signal', { signal: 'yes' }, 'probe: signal: received "yes"'],
    ['settings', { settings: { 'Bad-Name': 1 } }, 'Bad-Name'],
    [
      'unused setting',
      { settings: { spare: 1 } },
      'probe: settings.spare: received "spare", expected a setting that is used as $spare',
    ],
    ['unknown key', { colour: 'red' }, 'probe: colour: received "colour", expected no such key'],
    ['any', { any: [] }, 'probe: any: received []'],
    [
      'kind',
      { any: [{ kind: 'guess' }] },
      'probe: any[0].kind: received "guess", expected one of the kinds of clauses',
    ],
    [
      'clause key',
      { any: [{ kind: 'match', within: '5m' }] },
      'probe: any[0].within: received "within", expected no such key',
    ],
    [
      'group field',
      { any: [{ kind: 'event_count', by: ['ip'], within: '5m', gte: 1 }] },
      'probe: any[0].by[0]: received "ip"',
    ],
    [
      'window',
      { any: [{ kind: 'event_count', by: [], within: 'soon', gte: 1 }] },
      'probe: any[0].within: received "soon"',
    ],
    [
      'no window',
      { any: [{ kind: 'event_count', by: [], within: '0s', gte: 1 }] },
      'any[0].within: received "0s", expected a duration above 0',
    ],
    ['no threshold', { any: [{ kind: 'event_count', by: [], within: '5m' }] }, 'expected one of gt, gte, lt, lte, eq'],
    [
      'unknown setting',
      { any: [{ kind: 'event_count', by: [], within: '5m', gte: '$n' }] },
      'any[0].gte: received "$n", expected one of the settings',
    ],
    [
      'setting of the wrong type',
      { settings: { n: '5m' }, any: [{ kind: 'leaky', by: [], leak: '5m', capacity: '$n' }] },
      'any[0].capacity: received "$n", expected a number',
    ],
    [
      'two measures',
      { any: [{ kind: 'window', by: [], within: '5m', measures: { x: { count: true, span: true, gte: 1 } } }] },
      'any[0].measures.x',
    ],
    [
      'measure without threshold',
      { any: [{ kind: 'window', by: [], within: '5m', measures: { x: { count: true } } }] },
      'expected a measure with one of gt',
    ],
    [
      'too many per value',
      { any: [{ kind: 'window', by: [], within: '5m', measures: { x: { max_per: 'asn', gte: 500 } } }] },
      'at most 31 events for each value',
    ],
    ['stages', { any: [{ kind: 'temporal', by: [], within: '5m', stages: [{ of: 'failed' }] }] }, 'any[0].stages'],
    [
      'aliases',
      { any: [{ kind: 'temporal', by: ['asn'], within: '5m', stages: [{ of: 'failed', by: [] }, { of: 'failed' }] }] },
      'stages[0].by: received [], expected as many fields',
    ],
    [
      'differs at first',
      {
        any: [
          { kind: 'temporal', by: [], within: '5m', stages: [{ of: 'failed', differs: ['asn'] }, { of: 'failed' }] },
        ],
      },
      'stages[0].differs',
    ],
    [
      'unknown rule',
      { any: [{ kind: 'event_count', of: { rule: 'nobody' }, by: [], within: '5m', gte: 1 }, ...match] },
      'any[0].of.rule: received "nobody", expected the id of a rule that exists',
    ],
    ['placeholder', { explain: '{nonsense} happened' }, 'explain: received "{nonsense}", expected a field of events'],
    ['fixtures', { fixtures: { positive: [], negative: [] } }, 'probe: fixtures.positive: received []'],
    [
      'fixture event',
      {
        fixtures: {
          positive: [
            { name: 'x', events: [{ at: '0s', nonsense: 1 }] },
            { name: 'y', events: [] },
          ],
          negative: [],
        },
      },
      'fixtures.positive[0].events[0].nonsense',
    ],
  ])('tells a wrong %s', (_name, parts, expected) => {
    expect(mistakeIn(parts)).toContain(expected)
  })

  test.each<[string, Record<string, unknown>, string]>([
    ['field', { ip: 'x' }, 'detection.failed.ip: received "ip", expected a field of events'],
    ['field of the prototype', { constructor: 'x' }, 'received "constructor", expected a field of events'],
    ['modifier', { 'path|matches': 'x' }, 'received "matches", expected one of the modifiers'],
    ['pair of modifiers', { 'path|re|contains': 'x' }, 'received "path|re|contains"'],
    ['regex', { 'path|re': '(' }, 'received "(", expected a regular expression of RE2'],
    ['regex beyond RE2', { 'path|re': '(?=a)b' }, 'expected a regular expression of RE2'],
    ['long regex', { 'path|re': 'a'.repeat(500).concat('b') }, 'detection.failed'],
    ['network', { 'src_ip|cidr': '300.1.1.1/8' }, 'received "300.1.1.1/8", expected a network'],
    ['bits of a network', { 'src_ip|cidr': '10.0.0.0/33' }, 'expected a network'],
    ['number', { 'rows|gt': 'many' }, 'received "many", expected a number'],
    ['exists', { 'rows|exists': 1 }, 'expected true or false'],
    ['fieldref', { 'user_uid|fieldref': 'actor' }, 'expected the name of one field of events'],
    ['action', { action: 'fly' }, 'received "fly", expected one of the actions'],
    ['hour', { 'rows|hour': 3 }, 'expected hour and weekday of `time`'],
  ])('tells a wrong %s in a selection', (_name, selection, expected) => {
    expect(mistakeIn({ detection: { failed: selection, condition: 'failed' } })).toContain(expected)
  })

  test('tells a selection that nobody uses, a condition that names none, and one that is missing', () => {
    const selections = { a: { action: 'login' }, b: { action: 'login' } }
    expect(mistakeIn({ detection: { ...selections, condition: 'a' } })).toContain(
      'detection.b: received "b", expected a selection that a condition uses',
    )
    expect(mistakeIn({ detection: { ...selections, condition: 'a or b or c' } })).toContain(
      'one of the selections a, b at "c"',
    )
    expect(mistakeIn({ detection: selections })).toContain('received "no `of`"')
  })

  test('tells every mistake at once, with its file', () => {
    const message = mistakesOf(
      ruleText({ severity: 'x', risk: 'y', any: match }),
      ruleText({
        id: 'other',
        detection: { a: { ip: 1, 'rows|gt': 'z' }, b: { x: 1 } },
        any: [{ kind: 'match', of: 'a' }],
      }),
    )
    expect(message).toMatch(/^\d+ mistakes in the rules:/)
    for (const part of [
      'r0.yml: probe: severity',
      'r0.yml: probe: risk',
      'r1.yml: other: detection.a.ip',
      'r1.yml: other: detection.a.rows|gt',
      'r1.yml: other: detection.b',
    ]) {
      expect(message).toContain(part)
    }
  })

  test('two rules with one id', () => {
    expect(mistakesOf(ruleText({ any: match }), ruleText({ any: match }))).toContain(
      'r1.yml: probe: id: received "probe", expected an id of its own; r0.yml has it too',
    )
  })

  const looking = (id: string, at: string) =>
    ruleText({ id, detection: {}, any: [{ kind: 'event_count', of: { rule: at }, by: [], within: '5m', gte: 1 }] })

  test('rules that look at themselves, or at one another', () => {
    expect(mistakesOf(looking('a', 'a'))).toContain('received "a -> a", expected rules that do not look at themselves')
    expect(mistakesOf(looking('a', 'b'), looking('b', 'c'), looking('c', 'a'))).toContain('"a -> b -> c -> a"')
  })

  test('a rule of the clock is no stage', () => {
    const silence = ruleText({ id: 'quiet_one', any: [{ kind: 'silence', by: [], factor: 3, min: '5m' }] })
    expect(mistakesOf(silence, looking('a', 'quiet_one'))).toContain('expected a rule that an event completes')
  })

  test.each([
    ['no YAML', 'a: [1', 'line 1'],
    ['nothing', '', 'expected at least one rule'],
    ['a list', '- 1', 'rule without id: document'],
    ['the same key twice', '{ "id": "a", "id": "b" }', 'Map keys must be unique'],
    ['a tag', 'id: !!js/function "x"', ''],
    ['too long', `# ${'x'.repeat(1_000_001)}`, 'expected at most 1000000'],
  ])('%s is no rule', (_name, text, expected) => {
    const message = mistakesOf(text)
    expect(message).not.toBe('')
    expect(message).toContain(expected)
  })

  test('a bomb of aliases is left alone', () => {
    const levels = Array.from({ length: 9 }, (_, at) => `l${at + 1}: &l${at + 1} [${`*l${at},`.repeat(9)}]`)
    const began = performance.now()
    expect(mistakesOf(['l0: &l0 [x]', ...levels].join('\n'))).toContain('aliases')
    expect(performance.now() - began).toBeLessThan(2000)
  })
})
