import { describe, expect, it } from 'vitest'
import { readReceivers } from '../../../../bees/security/alerts/receivers/read-receivers.ts'
import { BeeError } from '../../../../src/bee/index.ts'
import { whsec } from './desk.ts'

const canary = 'CANARY-f3b1'
const webhook = { kind: 'webhook', name: 'w', url: 'https://hooks.example.org/x', secrets: [whsec()] }
const slack = { kind: 'slack', name: 's', url: 'https://hooks.slack.com/services/T/B/x' }
const pagerduty = { kind: 'pagerduty', name: 'p', routing_key: 'k'.repeat(32) }
const email = { kind: 'email', name: 'e', host: 'smtp.example.org', from: 'bees@example.org', to: ['ops@example.org'] }

const read = (receivers: unknown, allow?: string) =>
  readReceivers({ SECURITY_RECEIVERS: JSON.stringify(receivers), SECURITY_ALLOW_PRIVATE_RECEIVERS: allow })
function mistakes(receivers: unknown, allow?: string): string {
  try {
    read(receivers, allow)
  } catch (thrown) {
    if (thrown instanceof BeeError && thrown.code === 'BEE_CONFIG_INVALID') return thrown.message
    throw thrown
  }
  return ''
}

describe('SECURITY_RECEIVERS', () => {
  it('takes one of each kind and fills in what is usual', () => {
    const { receivers } = read([webhook, slack, pagerduty, email])
    expect(receivers.map(({ kind, route }) => [kind, route === false ? null : route.group_by])).toEqual([
      ...[
        ['webhook', 'entity'],
        ['slack', 'entity'],
        ['pagerduty', 'entity'],
        ['email', 'all'],
      ],
    ])
    expect(receivers[0]).toMatchObject({
      timeout_ms: 5000,
      route: { min_severity: 'medium', group_wait_s: 30, group_interval_s: 300, repeat_interval_s: 14_400 },
    })
  })

  it('is nobody when it is absent or empty', () => {
    for (const value of [undefined, '', '[]']) {
      expect(readReceivers({ SECURITY_RECEIVERS: value }).receivers).toEqual([])
    }
  })

  it.each<[string, unknown, string]>([
    ['no array', { a: 1 }, 'SECURITY_RECEIVERS: '],
    ['a bare word', canary, 'SECURITY_RECEIVERS: '],
    ['an unknown kind', [{ ...webhook, kind: canary }], 'SECURITY_RECEIVERS[0].kind: expected webhook, slack'],
    ['no kind', [{ name: 'x' }], 'kind'],
    ['an unknown member', [{ ...webhook, colour: canary }], 'SECURITY_RECEIVERS[0]: unknown member colour'],
    ['a secret as a member', [{ ...webhook, [`whsec_${canary}`]: 1 }], 'unknown member one that is no name'],
    ['a name with capitals', [{ ...webhook, name: canary }], '[0].name: expected lower-case'],
    ['a missing name', [{ ...webhook, name: undefined }], '[0].name'],
    ['no url', [{ ...webhook, url: canary }], '[0].url: expected an http(s) URL'],
    ['another protocol', [{ ...webhook, url: `ftp://${canary}.example/` }], '[0].url: expected an http(s) URL'],
    ['a login in the url', [{ ...webhook, url: `https://u:${canary}@example.org/` }], 'without user and password'],
    ['http', [{ ...webhook, url: `http://example.org/${canary}` }], '[0].url: expected https'],
    ['a private address', [{ ...webhook, url: `https://10.0.0.1/${canary}` }], '[0].url: expected a public address'],
    ['a private IPv6 address', [{ ...webhook, url: `https://[::1]/${canary}` }], '[0].url: expected a public address'],
    ['no secret', [{ ...webhook, secrets: [] }], '[0].secrets: expected at least one'],
    ['a short secret', [{ ...webhook, secrets: ['whsec_YWJj'] }], '[0].secrets[0]: expected whsec_'],
    ['a secret that is none', [{ ...webhook, secrets: [canary] }], '[0].secrets[0]: expected whsec_'],
    ['a timeout that is too long', [{ ...webhook, timeout_ms: 60_000 }], '[0].timeout_ms'],
    ['a timeout that is text', [{ ...webhook, timeout_ms: canary }], '[0].timeout_ms'],
    ['an unknown severity', [{ ...webhook, route: { min_severity: canary } }], '[0].route.min_severity'],
    ['an unknown grouping', [{ ...webhook, route: { group_by: canary } }], '[0].route.group_by'],
    ['an interval that is negative', [{ ...webhook, route: { group_interval_s: -1 } }], '[0].route.group_interval_s'],
    [
      'a repetition that is too often',
      [{ ...webhook, route: { repeat_interval_s: 1 } }],
      '[0].route.repeat_interval_s',
    ],
    ['a wait that is no number', [{ ...webhook, route: { group_wait_s: canary } }], '[0].route.group_wait_s'],
    ['rules that are none', [{ ...webhook, route: { rules: [] } }], '[0].route.rules'],
    ['an unknown member of the route', [{ ...webhook, route: { every: 1 } }], '[0].route: unknown member every'],
    ['neither url nor token', [{ kind: 'slack', name: 's' }], 'expected either url, or token and channel'],
    ['url and token', [{ ...slack, token: `xoxb-${canary}-12345`, channel: 'C12345678' }], 'expected either url'],
    ['a token without channel', [{ kind: 'slack', name: 's', token: `xoxb-${canary}-12345` }], 'token and channel'],
    [
      'a token that is none',
      [{ kind: 'slack', name: 's', token: canary, channel: 'C12345678' }],
      '[0].token: expected',
    ],
    ['the name of a channel', [{ kind: 'slack', name: 's', token: 'xoxb-1234567890', channel: '#ops' }], '[0].channel'],
    ['a key that is none', [{ ...pagerduty, routing_key: canary }], '[0].routing_key: expected an integration key'],
    ['another address of the API', [{ ...pagerduty, api_url: canary }], '[0].api_url: expected'],
    ['a host that is none', [{ ...email, host: `${canary} x` }], '[0].host: expected'],
    ['a port that is none', [{ ...email, port: 70_000 }], '[0].port'],
    ['another TLS', [{ ...email, tls: 'maybe' }], '[0].tls'],
    ['no TLS', [{ ...email, tls: 'none' }], '[0].tls: expected implicit or starttls'],
    ['a user without password', [{ ...email, user: canary }], 'expected user and password together'],
    ['a password without user', [{ ...email, password: canary }], 'expected user and password together'],
    ['a sender that is none', [{ ...email, from: canary }], '[0].from: expected an e-mail address'],
    ['a sender with a line break', [{ ...email, from: 'a@b.org\r\nBcc: c@d.org' }], '[0].from: expected an e-mail'],
    ['nobody to send to', [{ ...email, to: [] }], '[0].to: expected at least one'],
    ['a certificate that is none', [{ ...email, ca: canary }], '[0].ca: expected PEM'],
    ['one name twice', [webhook, { ...slack, name: 'w' }], '[1].name: expected a name of its own'],
    ['too many', Array.from({ length: 51 }, (_, at) => ({ ...slack, name: `s${at}` })), 'at most 50'],
  ])('refuses %s', (_what, receivers, message) => {
    const told = mistakes(receivers)
    expect(told).toContain(message)
    expect(told).not.toContain(canary)
    expect(told).not.toContain('whsec_Y')
  })

  it('says what is no JSON, and another flag, without repeating them', () => {
    for (const [text, allow] of [
      [`[{"url": "https://x/${canary}"`, undefined],
      ['[]', canary],
    ] as const) {
      const told = (() => {
        try {
          readReceivers({ SECURITY_RECEIVERS: text, SECURITY_ALLOW_PRIVATE_RECEIVERS: allow })
        } catch (thrown) {
          return String(thrown)
        }
        return ''
      })()
      expect(told).toContain('expected')
      expect(told).not.toContain(canary)
    }
  })

  it('tells all mistakes at once', () => {
    const told = mistakes([
      { ...webhook, url: 'x', secrets: ['y'] },
      { ...email, from: 'z', port: 0 },
    ])
    for (const where of ['[0].url', '[0].secrets[0]', '[1].from', '[1].port']) expect(told).toContain(where)
  })

  it('lets the own network in where that is said, but no password in clear', () => {
    expect(mistakes([{ ...webhook, url: 'http://127.0.0.1:1/' }], 'true')).toBe('')
    expect(mistakes([{ ...email, tls: 'none' }], 'true')).toBe('')
    expect(mistakes([{ ...email, tls: 'none', user: 'u', password: 'p' }], 'true')).toContain('in clear')
  })
})
