import type { Json } from '../../../src/bee/index.ts'
import type { RuleSettings } from './protocol.ts'

export type Settings = ReadonlyMap<string, RuleSettings[number]>

export interface TenantSettings {
  readonly settings: Settings
  /** Of the analysis itself. */
  readonly incidents: Json | undefined
}

export function settingsOf(rows: RuleSettings): TenantSettings {
  return {
    settings: new Map(rows.filter(({ rule }) => rule !== '*').map((row) => [row.rule, row])),
    incidents: rows.find(({ rule }) => rule === '*')?.settings as Json | undefined,
  }
}
