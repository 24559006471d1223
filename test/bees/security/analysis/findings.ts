import type { Finding } from '../../../../bees/security/findings.ts'

export const minuteMs = 60_000
export const hourMs = 60 * minuteMs
/** A Monday in November, 09:00 UTC. */
export const nineMs = Date.UTC(2026, 10, 16, 9)

/** A finding of a rule about an address, otherwise as told. */
export function findingOf(more: Partial<Finding> & Pick<Finding, 'key'>): Finding {
  return {
    tenant: 'acme',
    rule: 'credential_stuffing',
    ruleVersion: 1,
    detection: 2,
    title: 'Credential stuffing from one source',
    severity: 'high',
    confidence: 'high',
    entity: { kind: 'ip', id: '203.0.113.7' },
    related: [],
    timeMs: nineMs,
    firstMs: (more.timeMs ?? nineMs) - 10 * minuteMs,
    events: 26,
    evidence: ['e1'],
    facts: { failures: 26 },
    explanation: '26 logins failed from 203.0.113.7.',
    attack: ['T1110.004'],
    response: 'throttle',
    risk: 30,
    quiet: false,
    ...more,
  }
}
