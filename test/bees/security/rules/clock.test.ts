import { describe, expect, test } from 'vitest'
import { randomFrom } from '../../../support/index.ts'
import { day, event, hour, minute, play, rulesOf, second, series, startMs } from './playing.ts'

describe('silence', () => {
  const rules = rulesOf({
    entity: { kind: 'source', field: 'source' },
    suppress: '1h',
    detection: { beat: { action: 'heartbeat' } },
    any: [{ kind: 'silence', by: ['source'], factor: 3, min: '5m', learn_events: 10 }],
    explain: '{source} has been silent for {silent}, usually {usual}.',
  })
  const beats = (count: number, everyMs: number, source = 'edge', fromMs = 0) =>
    series(count, everyMs, () => ({ action: 'heartbeat', source }), fromMs)
  const ticked = (events: ReturnType<typeof beats>, afterMs: number) =>
    play(rules, events, { tick: true, nowMs: (events.at(-1)?.time ?? 0) + afterMs })

  test('the clock tells who has fallen silent', () => {
    const regular = beats(50, 2 * minute)
    expect(ticked(regular, 6 * minute).findings).toEqual([])
    const { findings } = ticked(regular, 6 * minute + 1)
    expect(findings).toHaveLength(1)
    expect(findings[0]).toMatchObject({ entity: { kind: 'source', id: 'edge' }, facts: { usual: '2 min' } })
    expect(findings[0]?.explanation).toBe('unknown has been silent for 6.0 min, usually 2 min.')
  })

  test('and does not say it again at every tick, also when the rows are read anew', () => {
    let rows = ticked(beats(50, 2 * minute), 7 * minute).rows
    const last = startMs + 98 * minute
    let said = 0
    for (let at = 8; at < 50; at++) {
      const result = play(rules, [], { tick: true, nowMs: last + at * minute, rows })
      rows = result.rows
      said += result.findings.length
    }
    expect(said).toBe(0)
  })

  test('a rhythm that is slow is slow, and one that is not known is none', () => {
    expect(ticked(beats(20, hour), 2 * hour).findings).toEqual([])
    expect(ticked(beats(20, hour), 3 * hour + 1).findings).toHaveLength(1)
    expect(ticked(beats(9, minute), day).findings).toEqual([])
    expect(ticked(beats(50, second), 4 * minute).findings).toEqual([])
  })

  test('the event that ends a silence tells of it where no clock did', () => {
    const events = [...beats(50, 2 * minute), ...beats(1, 0, 'edge', 98 * minute + 30 * minute)]
    expect(play(rules, events).findings).toHaveLength(1)
  })

  test('one silence does not make the next one usual', () => {
    const events = [...beats(50, 2 * minute), ...beats(50, 2 * minute, 'edge', 98 * minute + 600 * minute)]
    expect(ticked(events, 6 * minute + 1).findings).toHaveLength(2)
  })

  test('sources are judged apart, and there is room for 64', () => {
    const events = [...beats(50, 2 * minute, 'a'), ...beats(50, 2 * minute, 'b', minute)]
    events.sort((x, y) => x.time - y.time)
    const more = [...events, ...beats(30, 2 * minute, 'a', 100 * minute)]
    expect(ticked(more, 1).findings.map(({ entity }) => entity.id)).toEqual(['b'])
    const crowd = Array.from({ length: 2000 }, (_, at) => event(at, { action: 'heartbeat', source: `s${at}` }))
    const [row] = [...play(rules, crowd).rows].filter(([key]) => key.startsWith('s|'))
    expect(row?.[1].length).toBeLessThan(4096)
  })
})

describe('metric', () => {
  const rules = (parts: Record<string, unknown> = {}) =>
    rulesOf({
      entity: { kind: 'stream' },
      detection: { login: { action: 'login' } },
      any: [{ kind: 'metric', by: [], every: '5m', value: 'count', ...parts }],
    })

  const traffic = (days: number, burst: number) => {
    // The detector has tests of its own for what is rare; here one day is as good as another.
    const random = randomFrom(1)
    const slots = days * 288
    return Array.from({ length: slots }, (_, slot) =>
      series(
        slot >= slots - 6 && slot < slots - 2 ? burst : random.integer(3, 7),
        second,
        () => ({ status_id: 1 }),
        slot * 5 * minute,
      ),
    ).flat()
  }

  test('sees a burst after days of calm, and nothing in the calm', { timeout: 60_000 }, () => {
    const loud = play(rules(), traffic(6, 150), { cuts: [500] })
    const bursts = loud.findings.filter(({ facts }) => Number(facts['value']) > 100)
    expect(bursts).toHaveLength(1)
    expect(bursts[0]?.timeMs).toBeGreaterThan(startMs + 6 * day - 31 * minute)
    // Eight or nine points of ten thousand, the benchmark says.
    expect(loud.findings.length).toBeLessThan(5)
    expect(play(rules({ min: 200 }), traffic(6, 150), { cuts: [500] }).findings).toEqual([])
    const low = play(rules({ side: 'low' }), traffic(6, 150), { cuts: [500] }).findings
    expect(low.filter(({ facts }) => Number(facts['value']) > 20)).toEqual([])
  })

  test('a quiet tenant without events is closed by the clock', () => {
    const events = traffic(1, 5)
    const before = play(rules(), events)
    const after = play(rules(), [], { tick: true, nowMs: startMs + day + hour, rows: before.rows })
    expect(after.rows.get('m|probe.1.0|g|')).not.toBe(before.rows.get('m|probe.1.0|g|'))
  })
})
