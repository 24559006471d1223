import { createHash } from 'node:crypto'
import type { Engine } from '../../../../bees/security/analysis/engine.ts'
import type { Settings } from '../../../../bees/security/analysis/tenant-settings.ts'
export const toyEngine: Engine<Settings> = {
  keysOf: (e) => [`g|src_ip|${e.src_ip}`, `g|account|${e.account}`],
  run: (e, states) => {
    if (e.status_id !== 2) return []
    const out = []
    for (const [kind, id] of [
      ['ip', e.src_ip],
      ['account', e.account],
    ] as const) {
      if (id === undefined) continue
      const key = `g|${kind === 'ip' ? 'src_ip' : 'account'}|${id}`
      const s = (states.get(key) ?? { n: 0, from: e.time }) as { n: number; from: number }
      const n = s.n + 1
      states.set(key, { n, from: s.from, x: e.time + 100 * 86400000 })
      if (n % 5 === 0)
        out.push({
          key: createHash('sha256').update(`${e.tenant}|${kind}|${id}|${n}`).digest('hex').slice(0, 32),
          tenant: e.tenant,
          rule: `toy_${kind}`,
          ruleVersion: 1,
          detection: 0,
          title: 'Toy',
          severity: 'high' as const,
          confidence: 'high' as const,
          entity: { kind, id },
          related:
            kind === 'ip'
              ? [{ kind: 'account' as const, id: String(e.account) }]
              : [{ kind: 'ip' as const, id: String(e.src_ip) }],
          timeMs: e.time,
          firstMs: s.from,
          events: n,
          evidence: [e.id],
          facts: { n },
          explanation: `${n} failed`,
          attack: ['T1110'],
          response: 'throttle' as const,
          risk: 10,
          quiet: false,
        })
    }
    return out
  },
}
