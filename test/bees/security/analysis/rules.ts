import { type CompiledRules, loadRules } from '../../../../bees/security/rules/index.ts'
import type { Json } from '../../../../src/bee/index.ts'

/** Four small rules of several kinds: what the shipped ones find may change with their tuning. */
const failed = { failed: { action: 'login', status_id: 2 } }
const account = { kind: 'account', field: 'account' }
const address = { kind: 'ip', field: 'src_ip' }
const common = {
  ...{
    number: 0,
    version: 1,
    description: 'For tests.',
    maturity: 'stable',
    confidence: 'high',
    attack: ['T1110.003'],
  },
  ...{ suppress: '10m', falsepositives: ['None.'], response: 'throttle', risk: 10, detection: failed },
}
/** Every rule has to have some; what they say is tried elsewhere. */
const fixtures = {
  positive: [1, 2].map((n) => ({ name: `p${n}`, events: [{ at: '0s', action: 'login', status_id: 2 }] })),
  negative: [1, 2].map((n) => ({ name: `n${n}`, events: [{ at: '0s', action: 'logout', status_id: 1 }] })),
}

const rules: readonly Json[] = [
  {
    ...{ ...common, id: 'guess_account', title: 'Guessing at one account', severity: 'medium', fixtures },
    ...{ entity: account, related: [address] },
    any: [{ kind: 'event_count', by: ['account'], within: '30m', gte: 5 }],
    explain: '{count} failed sign-ins of {account}.',
  },
  {
    ...{ ...common, id: 'guess_address', title: 'Guessing from one address', severity: 'high', fixtures },
    ...{ entity: address, related: [account] },
    any: [{ kind: 'value_count', by: ['src_ip'], field: 'account', within: '30m', gte: 5 }],
    explain: '{values} accounts were tried from {src_ip}.',
  },
  {
    ...{ ...common, id: 'guessed_right', title: 'Guessed right', severity: 'critical', fixtures, risk: 50 },
    ...{ entity: account, related: [address], attack: ['T1078'], response: 'revoke_sessions' },
    detection: { worked: { action: 'login', status_id: 1 } },
    any: [
      {
        ...{ kind: 'temporal_ordered', by: ['account'], within: '1h' },
        stages: [{ of: { rule: 'guess_account' } }, { of: 'worked' }],
      },
    ],
  },
  {
    ...{ ...common, id: 'new_address', title: 'New address', severity: 'low', fixtures, maturity: 'incubating' },
    ...{ entity: account, related: [address], attack: [], response: null },
    detection: { worked: { action: 'login', status_id: 1 } },
    any: [{ kind: 'new_value', by: ['account'], fields: ['src_ip'], learn: '10m' }],
  },
]

/** JSON is YAML. */
const compiled = (given: readonly Json[]): CompiledRules =>
  loadRules(given.map((rule, n) => ({ name: `${n}.yml`, text: JSON.stringify(rule) })))

export const testRules = compiled(rules)

/** Only the clock completes it. */
export const silenceRules = compiled([
  {
    ...{ ...common, id: 'source_silent', title: 'A source is silent', severity: 'high', fixtures },
    ...{ entity: { kind: 'source', field: 'source' }, attack: ['T1562.008'], response: null },
    detection: { any_event: { source: 'hive' } },
    any: [{ kind: 'silence', by: ['source'], factor: 3, min: '5m', learn_events: 5 }],
  },
])
