import type { Json } from '../../../src/bee/index.ts'
import type { Detected } from './analyse.ts'
import type { Folded } from './fold.ts'
import { incidentKeyOf } from './incident-state.ts'
import type { Overlay } from './state-access.ts'
import { expiryMs, storageKey } from './storage-key.ts'

export interface CommitInput {
  readonly tenant: string
  /** The version that was read; null: nothing of the tenant's own is written. */
  readonly version: number | null
  /** Inbox rows that are consumed. */
  readonly seqs: readonly number[]
  readonly setAside: readonly { readonly seq: number; readonly reason: string }[]
  readonly states: Overlay
  readonly detected: Pick<Detected, 'points' | 'counters'>
  readonly folded: Folded
  readonly watermarkMs: number
  readonly streams?: readonly Json[] | undefined
}

/** The payload of a commit: what security.analysis_commit takes. */
export function commitOf(input: CommitInput): Json {
  const { tenant, version, seqs, setAside, states, detected, folded, watermarkMs } = input
  const rows = [...states.changed].sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    op: 'commit',
    tenant,
    version,
    seqs,
    set_aside: setAside.map((one) => ({ ...one })),
    states: rows.flatMap(([key, state]) =>
      state === null ? [] : [[storageKey(key), state, expiryMs(state, watermarkMs)]],
    ),
    gone: rows.flatMap(([key, state]) => (state === null ? [storageKey(key)] : [])),
    // The same finding may come twice in one page: the last time counts.
    findings: [...new Map(folded.findings.map((one) => [one.finding.key, one])).values()].map(
      ({ finding, incident }) => ({ finding: finding as unknown as Json, incident }),
    ),
    incidents: folded.changes.map((change) => ({
      change: change as unknown as Json,
      until_ms: untilOf(states, change.incident),
    })),
    points: detected.points.map(({ stream, kind, timeMs, value }) => ({ stream, kind, time_ms: timeMs, value })),
    streams: input.streams ?? [],
    rules: [...detected.counters].map(([rule, { evaluations, hits, suppressed }]) => ({
      ...{ rule, evaluations, hits, suppressed },
    })),
    watermark_ms: watermarkMs,
  }
}

function untilOf(states: Overlay, incident: string): number {
  const state = states.get(incidentKeyOf(incident))
  return (state as { readonly until: number }).until
}
