import { type Json, z } from '../../../src/bee/index.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs

/** How findings become incidents; a tenant sets it as the rule `*`. */
export const incidentSettings = z.object({
  /** An incident is over when events have gone on for this long without a finding of it. Seconds. */
  quiet_s: z
    .int()
    .min(60)
    .max(7 * 24 * 3600)
    .default(2 * 3600),
  /** The same for what is low and grouped by its rule: a day of small things is one incident. */
  low_quiet_s: z
    .int()
    .min(60)
    .max(7 * 24 * 3600)
    .default(24 * 3600),
  /** Risk of an entity, from different rules, at which an incident about it is at least of that severity. */
  risk_medium: z.number().min(1).default(40),
  risk_high: z.number().min(1).default(100),
})

export interface IncidentSettings {
  readonly quietMs: number
  readonly lowQuietMs: number
  readonly riskMedium: number
  readonly riskHigh: number
}

/** @returns the defaults for what is absent or cannot be read: a slip in a setting must not end the analysis */
export function readIncidentSettings(given: Json | undefined): IncidentSettings {
  const read = incidentSettings.safeParse(given ?? {})
  const { quiet_s, low_quiet_s, risk_medium, risk_high } = read.success ? read.data : incidentSettings.parse({})
  return { quietMs: quiet_s * 1000, lowQuietMs: low_quiet_s * 1000, riskMedium: risk_medium, riskHigh: risk_high }
}

/** Half-life of risk, and how long it is remembered: after ten half-lives a thousandth is left. */
export const riskHalfLifeMs = 24 * hourMs
export const riskKeptMs = 10 * riskHalfLifeMs
