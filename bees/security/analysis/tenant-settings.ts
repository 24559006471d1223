import type { Json } from '../../../src/bee/index.ts'
import type { TenantSettings } from '../rules/index.ts'
import type { RuleSettings } from './protocol.ts'

export interface AnalysisSettings {
  /** By rule. */
  readonly rules: TenantSettings
  /** Of the analysis itself: the rule `*`. */
  readonly incidents: Json | undefined
}

/** What a tenant has set, as it is stored. */
export function settingsOf(rows: RuleSettings): AnalysisSettings {
  return {
    rules: new Map(rows.filter(({ rule }) => rule !== '*').map((row) => [row.rule, row])),
    incidents: rows.find(({ rule }) => rule === '*')?.settings as Json | undefined,
  }
}
