import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { randomFrom, seededRandom } from '../../../support/index.ts'
import { busy, everyKind } from './every-kind.ts'
import { hour, type Played, play } from './playing.ts'

const rules = everyKind()
const plain = ({ findings, rows, counters, aside }: Played) => ({
  findings,
  rows: Object.fromEntries([...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, row]) => [key, JSON.parse(row)])),
  counters: Object.fromEntries(counters),
  aside,
})

describe('the same events in any batches', () => {
  test('leave the same rows, bit by bit, and the same findings', { timeout: 120_000 }, () => {
    const random = seededRandom()
    // Those of a fixed seed are known to give every kind something to say.
    const worlds = [randomFrom(2), random].flatMap((source) => Array.from({ length: 4 }, () => busy(source, 700)))
    const nowMs = Math.max(...worlds.flat().map(({ time }) => time)) - 100 * hour
    const whole = worlds.map((events) => plain(play(rules, events, { nowMs })))
    // Every kind has had something to say: otherwise the comparison would be of nothing.
    const told = new Set(whole.flatMap(({ findings }) => findings.map(({ rule }) => rule)))
    expect(
      rules.rules.map(({ id }) => id).filter((id) => !told.has(id) && id !== 'metered' && id !== 'sketched'),
    ).toEqual([])
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: worlds.length - 1 }),
        fc.array(fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 300 })), {
          minLength: 1,
          maxLength: 8,
        }),
        (world, cuts) => {
          expect(plain(play(rules, worlds[world] ?? [], { nowMs, cuts }))).toEqual(whole[world])
        },
      ),
      { seed: random.seed, numRuns: 25 },
    )
  })

  test('one by one through the call for single events, too', () => {
    const events = busy(randomFrom(7), 300)
    const nowMs = Math.max(...events.map(({ time }) => time))
    const whole = play(rules, events, { nowMs })
    const rows = new Map<string, string>()
    const states = {
      get: (key: string) => JSON.parse(rows.get(key) ?? 'null') ?? undefined,
      set: (key: string, row: unknown) =>
        row === null ? void rows.delete(key) : void rows.set(key, JSON.stringify(row)),
    }
    const findings = events.flatMap((event) => rules.run(event, states, {}, nowMs))
    expect(findings).toEqual(whole.findings)
    expect(new Map([...rows].sort())).toEqual(new Map([...whole.rows].sort()))
  })

  test('a row that the database has put in another order is the same row', () => {
    const events = busy(randomFrom(11), 1200)
    const nowMs = Math.max(...events.map(({ time }) => time)) - 100 * hour
    const half = play(rules, events.slice(0, 600), { nowMs })
    const turned = new Map([...half.rows].map(([key, row]) => [key, JSON.stringify(reversed(JSON.parse(row)))]))
    const rest = events.slice(600)
    const again = play(rules, rest, { rows: turned, nowMs })
    expect(plain(again)).toEqual(plain(play(rules, rest, { rows: half.rows, nowMs })))
    expect(again.findings.length).toBeGreaterThan(5)
  })
})

/** The keys of every object the other way round, as jsonb may give them. */
function reversed(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(reversed)
  if (typeof json !== 'object' || json === null) return json
  return Object.fromEntries(
    Object.entries(json)
      .reverse()
      .map(([key, value]) => [key, reversed(value)]),
  )
}
