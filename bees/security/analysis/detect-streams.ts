import type { Json, TaskContext, Transact } from '../../../src/bee/index.ts'
import type { CompiledRules } from '../rules/index.ts'
import { incidentKeysOf } from './analyse.ts'
import { commitOf } from './commit.ts'
import { fold } from './fold.ts'
import {
  type Anomaly,
  anomalyDetection,
  anomalyRule,
  type DueStream,
  judgeStream,
  type StreamSettings,
  streamSettings,
} from './judge-stream.ts'
import { loadStates } from './load-states.ts'
import { answer, committed, type RuleSettings, settings } from './protocol.ts'
import { readIncidentSettings } from './settings.ts'
import { overlay } from './state-access.ts'
import { settingsOf } from './tenant-settings.ts'

export interface DetectContext extends Pick<TaskContext<unknown, unknown>, 'read' | 'log'> {
  readonly transact: Transact
  readonly rules: Pick<CompiledRules, 'rules'>
  /** Points of each stream that were asked for. */
  readonly mostPoints: number
}

export interface DetectedStreams {
  readonly outcome: 'committed' | 'stale'
  readonly points: number
  readonly anomalies: readonly Anomaly[]
  readonly learning: readonly { readonly tenant: string; readonly stream: string }[]
  /** There is something to tell. */
  readonly news: boolean
}

const stale: DetectedStreams = { outcome: 'stale', points: 0, anomalies: [], learning: [], news: false }

/** Shows the detectors of one tenant's streams their new points and commits what they remember and found. */
export async function detectStreams(due: readonly DueStream[], context: DetectContext): Promise<DetectedStreams> {
  const [first] = due
  if (first === undefined) return { ...stale, outcome: 'committed' }
  const { tenant, tenant_version: version } = first
  const given = answer(settings, await context.read({ op: 'settings', tenant }), 'settings').settings
  const mine = given.find(({ rule }) => rule === anomalyRule)
  const isQuiet = mine?.mode === 'quiet'
  // A metric's own points are judged by the rule of this detection, too, as they come: where there is one, it tells people, with
  // the thresholds and the mode that are set for it. One number, one alert.
  const isTold = ({ kind }: DueStream): boolean =>
    mine?.mode !== 'off' && (kind === 'count' || !context.rules.rules.some(({ number }) => number === anomalyDetection))
  const judged = due.map((one) => {
    const result = judgeStream(one, readStreamSettings(mine), isQuiet, context.mostPoints)
    if (result.isNew) context.log.warn('a metric stream is learnt from the beginning', { tenant, version: one.version })
    return { due: one, ...result }
  })
  const findings = judged.flatMap((one) => (isTold(one.due) ? one.findings : []))
  findings.sort((a, b) => a.timeMs - b.timeMs || (a.key < b.key ? -1 : 1))
  const base = new Map<string, Json>()
  if (findings.length > 0 && !(await loadStates(context, tenant, version, incidentKeysOf(findings), base))) return stale
  const states = overlay(base)
  const folded = fold(findings, states, readIncidentSettings(settingsOf(given).incidents))
  const payload = commitOf({
    tenant,
    // Without a finding nothing of the tenant's own is touched, so nobody else need wait.
    version: findings.length === 0 ? null : version,
    ...{ seqs: [], setAside: [], states, folded, watermarkMs: 0, detected: { points: [], counters: new Map() } },
    streams: judged.map((one) => ({
      ...{ stream: one.due.stream, version: one.due.version, state: one.state, last_ms: one.lastMs },
      ...{ points: one.points, learning: one.learning },
      anomaly: (one.anomalies.at(-1) as Json | undefined) ?? null,
      anomaly_ms: one.anomalies.at(-1)?.time_ms ?? null,
    })),
  })
  const reply = answer(committed, (await context.transact(payload)).output, 'commit')
  if (reply.stale) return stale
  return {
    outcome: 'committed',
    points: judged.reduce((total, one) => total + one.points, 0),
    anomalies: mine?.mode === 'off' ? [] : judged.flatMap((one) => one.anomalies),
    learning: judged.filter((one) => one.learning).map((one) => ({ tenant, stream: one.due.stream })),
    news: folded.changes.some(({ quiet }) => !quiet),
  }
}

/** @returns the defaults where what is set cannot be read */
function readStreamSettings(given: RuleSettings[number] | undefined): StreamSettings {
  const read = streamSettings.safeParse(given?.settings ?? {})
  return read.success ? read.data : streamSettings.parse({})
}
