/**
 * Rules over event streams: `loadRules` checks and compiles YAML, `CompiledRules` judges events. State rows are small JSON,
 * `expiresOf(row)` (their `x`) tells from which event time on one may be deleted. A finding with the same key comes again when
 * it has become worse and once every `suppress` while an attack goes on: the later one replaces the earlier.
 *
 * Room: half of the rows take about 0.3 KB, 99 of 100 up to 4 KB; a group that everything happens in with every field varied
 * stays below 32 KB, for ever (a test holds that), since every list in a state has an end.
 */
export type { Clause, ClauseKind } from './clause.ts'
export {
  CompiledRules,
  type RunInput,
  type RunResult,
  type TenantSettings,
  type WritableStates,
} from './compiled-rules.ts'
export { durationMs, durationText } from './duration.ts'
export { eventsOf as fixtureEvents } from './fixture-events.ts'
export { type FixtureResult, runFixtures } from './fixtures.ts'
export { defaultLatenessMs, type LoadOptions, loadRules, type RuleFile } from './load.ts'
export { shown as shownValue } from './problem.ts'
export { expiresOf } from './row.ts'
export { type Fixture, type Rule, rule as ruleSchema, type SettingValue } from './rule.ts'
export { futureMs, type RuleCounters, type Session, type SessionOptions, type States } from './session.ts'
export { defaultOf, type Overrides, type RuleOverride, type SettingType, typeOf } from './settings.ts'
export { loadRuleFolder, ruleFilesOf, shippedFolder } from './shipped.ts'
export type { TenantRules } from './tenant-rules.ts'
