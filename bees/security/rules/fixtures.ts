import type { Json } from '../../../src/bee/index.ts'
import type { Finding } from '../findings.ts'
import { CompiledRules } from './compiled-rules.ts'
import { durationMs } from './duration.ts'
import { eventsOf, fixtureStartMs, fixtureTenant } from './fixture-events.ts'
import { referencesOf } from './order.ts'
import type { Fixture, Rule } from './rule.ts'
import { rankOf } from './suppress.ts'

export interface FixtureResult {
  readonly rule: string
  readonly fixture: string
  readonly kind: 'positive' | 'negative'
  readonly isPassed: boolean
  /** What was expected and what came, in words; empty when passed. */
  readonly reason: string
  readonly findings: readonly Finding[]
}

/**
 * Plays the fixtures of all rules, or of one. The rules that it looks at run too; what counts are findings of the fixture's own rule (hits, where
 * it is a signal). Events are taken one batch a minute of their time, through JSON in between, as in the hive.
 */
export function runFixtures(compiled: CompiledRules, ruleId?: string): readonly FixtureResult[] {
  return compiled.rules
    .filter(({ id, maturity }) => (ruleId === undefined || id === ruleId) && maturity !== 'off')
    .flatMap((rule) => {
      const needed = neededBy(rule, compiled)
      return [
        ...rule.fixtures.positive.map((fixture) => play(needed, rule, fixture, 'positive')),
        ...rule.fixtures.negative.map((fixture) => play(needed, rule, fixture, 'negative')),
      ]
    })
}

/** The rule with all whose hits it looks at, and theirs. No other rule can change what it finds. */
function neededBy(rule: Rule, compiled: CompiledRules): CompiledRules {
  const ids = new Set([rule.id])
  // In order: a rule comes after those that it looks at.
  for (const one of compiled.rules.toReversed()) {
    if (ids.has(one.id)) for (const { id } of referencesOf(one)) ids.add(id)
  }
  return new CompiledRules(
    compiled.rules.filter(({ id }) => ids.has(id)),
    compiled.latenessMs,
  )
}

function play(compiled: CompiledRules, rule: Rule, fixture: Fixture, kind: FixtureResult['kind']): FixtureResult {
  const rows = new Map<string, string>()
  const states = {
    get: (key: string): Json | undefined => {
      const text = rows.get(key)
      return text === undefined ? undefined : (JSON.parse(text) as Json)
    },
  }
  const settings = fixture.settings === undefined ? {} : { [rule.id]: { values: fixture.settings } }
  const mistakes = compiled.forTenant(settings).problems.map(({ mistake }) => mistake.message)
  const findings: Finding[] = []
  let hits = 0
  const events = eventsOf(fixture)
  const run = (from: number, to: number, nowMs: number, tick: boolean): void => {
    const batch = { tenant: fixtureTenant, events: events.slice(from, to), states, nowMs, settings, tick }
    const { findings: found, changed, counters } = compiled.runBatch(batch)
    for (const [key, row] of changed) row === null ? rows.delete(key) : rows.set(key, JSON.stringify(row))
    findings.push(...found.filter((finding) => finding.rule === rule.id))
    hits += counters.get(rule.id)?.hits ?? 0
  }
  for (let from = 0; from < events.length; ) {
    const minute = Math.floor((events[from]?.time ?? 0) / 60_000)
    let to = from
    while (to < events.length && Math.floor((events[to]?.time ?? 0) / 60_000) === minute) to += 1
    run(from, to, events[to - 1]?.time ?? 0, false)
    from = to
  }
  if (fixture.tick !== undefined) run(0, 0, fixtureStartMs + durationMs(fixture.tick), true)
  const reason = mistakes.length > 0 ? mistakes.join('; ') : verdict(rule, fixture, kind, findings, hits)
  return { rule: rule.id, fixture: fixture.name, kind, isPassed: reason === '', reason, findings }
}

function verdict(
  rule: Rule,
  fixture: Fixture,
  kind: FixtureResult['kind'],
  findings: readonly Finding[],
  hits: number,
): string {
  const isFound = rule.signal ? hits > 0 : findings.length > 0
  if (kind === 'negative') {
    return isFound ? `expected nothing, got ${rule.signal ? `${hits} hits` : (findings[0]?.explanation ?? '')}` : ''
  }
  if (!isFound) return `expected a ${rule.signal ? 'hit' : 'finding'}, got none`
  const { severity, entity, findings: count } = fixture.expect ?? {}
  const worst = findings.reduce((a, b) => (rankOf(b.severity) > rankOf(a.severity) ? b : a), findings[0] as Finding)
  if (severity !== undefined && worst?.severity !== severity) return `expected ${severity}, got ${worst?.severity}`
  const isAbout = findings.some((one) => one.entity.kind === entity?.kind && one.entity.id === entity.id)
  if (entity !== undefined && !isAbout) {
    const got = findings.map((one) => `${one.entity.kind} ${one.entity.id}`)
    return `expected ${entity.kind} ${entity.id}, got ${[...new Set(got)].slice(0, 5).join(', ')}`
  }
  const keys = new Set(findings.map(({ key }) => key)).size
  return count !== undefined && keys !== count ? `expected ${count} different findings, got ${keys}` : ''
}
