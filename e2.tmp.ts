import { loadRuleFolder } from './bees/security/rules/index.ts'
import { createWorld } from './test/attacks/world.ts'
const rules = loadRuleFolder()
const world = createWorld({ seed: 7, people: 300, days: 6 } as never)
const state = new Map<string, unknown>()
let n = 0, ms = 0, f = 0, keysMs = 0
const sizes = new Map<string, number>()
for (const today of world.stream) {
  for (let i = 0; i < today.length; i += 500) {
    const events = today.slice(i, i + 500)
    const nowMs = events.at(-1)!.time + 1000
    const t00 = performance.now()
    rules.stateKeysOf(events)
    const t0 = performance.now()
    const r = rules.runBatch({ tenant: 'acme', events, states: state as never, nowMs, tick: true })
    ms += performance.now() - t0; keysMs += t0 - t00
    for (const [k, v] of r.changed) if (v === null) state.delete(k); else state.set(k, JSON.parse(JSON.stringify(v)))
    f += r.findings.length
    n += events.length
  }
}
let total = 0, big: [number, string][] = []
for (const [k, v] of state) { const b = JSON.stringify(v).length; total += b; big.push([b, k]) }
big.sort((a, b) => b[0] - a[0])
console.log({ n, f, perSec: Math.round(n / ms * 1000), keysPerSec: Math.round(n / keysMs * 1000), rows: state.size, total, mean: total / state.size })
console.log(big.slice(0, 12), big[Math.floor(big.length * .01)], big[Math.floor(big.length*.5)])
