import { beforeAll, describe, expect, it } from 'vitest'
import { analyse, incidentKeysOf, inOrder, stateKeysOf } from '../../../../bees/security/analysis/analyse.ts'
import type { SecurityEvent } from '../../../../bees/security/events/event.ts'
import type { Finding } from '../../../../bees/security/findings.ts'
import { type CompiledRules, fixtureEvents, loadRuleFolder } from '../../../../bees/security/rules/index.ts'
import { traffic } from '../../../../bench/security/traffic.ts'
import type { Json } from '../../../../src/bee/index.ts'
import { type SeededRandom, seededRandom } from '../../../support/index.ts'
import { nineMs } from './findings.ts'

const tenant = 'bench'
let rules: CompiledRules

beforeAll(() => {
  rules = loadRuleFolder()
})

/** A quiet day, and in it one attack of every kind that there is a rule for. */
function eventsOf(random: SeededRandom, count: number): readonly SecurityEvent[] {
  const source = traffic({ seed: random.integer(1, 1e9), accounts: 300, perSecond: 1, fromMs: nineMs })
  const day = Array.from({ length: count }, () => source.next().value)
  const attacks = rules.rules.flatMap(({ id, fixtures }) => {
    const events = fixtureEvents(random.pick(fixtures.positive)).slice(0, 300)
    const shiftMs = nineMs + random.integer(0, 3_600_000) - (events[0]?.time ?? 0)
    return events.map((event, n) => ({ ...event, tenant, id: `${id}-${n}`, time: event.time + shiftMs }))
  })
  return [...day, ...attacks].sort(inOrder)
}

/** Rows as they come back from the database: other objects, members in another order. */
function asStored(value: Json): Json {
  if (Array.isArray(value)) return value.map(asStored)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).sort(([a], [b]) => a.length - b.length || (a < b ? -1 : 1))
  return Object.fromEntries(members.map(([name, member]) => [name, asStored(member as Json)]))
}

/** Analyses batches one after the other, at the end of time. */
function analyseAll(batches: readonly (readonly SecurityEvent[])[], look?: (key: string, index: number) => void) {
  const state = new Map<string, Json>()
  const findings: Finding[] = []
  const nowMs = nineMs + 30 * 86_400_000
  batches.forEach((events, index) => {
    const seen = look === undefined ? state : watched(state, (key) => look(key, index))
    const result = analyse({ tenant, events, state: seen, rules, settings: {}, nowMs, tick: false })
    expect(result.failed).toEqual([])
    findings.push(...result.findings)
    for (const [key, row] of result.changed) {
      if (row === null) state.delete(key)
      else state.set(key, asStored(row))
    }
  })
  return { findings, rows: [...state].sort(([a], [b]) => (a < b ? -1 : 1)) }
}

function watched(state: ReadonlyMap<string, Json>, look: (key: string) => void): ReadonlyMap<string, Json> {
  const get = (key: string) => {
    look(key)
    return state.get(key)
  }
  return Object.assign(new Map(state), { get })
}

describe('with all shipped rules', () => {
  it('comes to the same however the events are cut', { timeout: 120_000 }, () => {
    const random = seededRandom()
    const events = eventsOf(random, 3000)
    const batches: SecurityEvent[][] = []
    for (let from = 0; from < events.length; ) {
      const size = random.integer(1, 500)
      batches.push(events.slice(from, from + size))
      from += size
    }
    const [whole, cut] = [analyseAll([events]), analyseAll(batches)]
    expect(whole.findings.length).toBeGreaterThan(30)
    expect(cut.findings).toEqual(whole.findings)
    expect(JSON.stringify(cut.rows)).toBe(JSON.stringify(whole.rows.map(([key, row]) => [key, asStored(row)])))
  })

  it('asks for no row that was not named before', { timeout: 120_000 }, () => {
    const events = eventsOf(seededRandom(), 2000)
    const batches = Array.from({ length: 20 }, (_, n) => events.slice(n * 300, (n + 1) * 300))
    const asked: Set<string>[] = batches.map(() => new Set())
    const { findings } = analyseAll(batches, (key, index) => asked[index]?.add(key))
    const ofFindings = new Set(incidentKeysOf(findings))
    for (const [index, batch] of batches.entries()) {
      const named = new Set(stateKeysOf(batch, rules))
      const unnamed = [...(asked[index] ?? [])].filter(
        (key) => !named.has(key) && !ofFindings.has(key) && !key.startsWith('incident|'),
      )
      expect(unnamed).toEqual([])
    }
  })
})
