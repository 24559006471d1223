import type { Json, TaskContext, Transact } from '../../../src/bee/index.ts'
import type { CompiledRules } from '../rules/index.ts'
import { type Detected, detect, incidentKeysOf, stateKeysOf } from './analyse.ts'
import { commitOf } from './commit.ts'
import { type Figures, noFigures } from './figures.ts'
import { fold } from './fold.ts'
import { loadStates } from './load-states.ts'
import { noteSettings } from './note-settings.ts'
import { answer, committed, type Page, page } from './protocol.ts'
import { type ReadEvents, readEvents } from './read-events.ts'
import { readIncidentSettings } from './settings.ts'
import { overlay } from './state-access.ts'
import { settingsOf } from './tenant-settings.ts'

export interface PageContext extends Pick<TaskContext<unknown, unknown>, 'read' | 'clock' | 'log' | 'count'> {
  readonly transact: Transact
  readonly rules: CompiledRules
}

export interface PageResult {
  /** stale: somebody else has consumed some of these events; nothing was changed. empty: none waits. */
  readonly outcome: 'committed' | 'stale' | 'empty'
  /** More events wait. */
  readonly more: boolean
  /** There is something to tell. */
  readonly news: boolean
  readonly done: Figures
  /** By rule: how often it was asked and answered. */
  readonly rules: Detected['counters']
  /** Event to finding, milliseconds, of each new finding. */
  readonly latencies: readonly { readonly rule: string; readonly ms: number }[]
}

/** Octets of events in one page. */
const mostBytes = 1_500_000
const empty: PageResult = {
  outcome: 'empty',
  more: false,
  news: false,
  done: noFigures,
  rules: new Map(),
  latencies: [],
}
const stale: PageResult = { ...empty, outcome: 'stale', more: true, done: { ...noFigures, stale: 1 } }

/** Reads a page of one tenant's events, judges it and commits what comes of it. */
export async function analysePage(tenant: string, most: number, context: PageContext): Promise<PageResult> {
  const read = answer(page, await context.read({ op: 'page', tenant, most, bytes: mostBytes }), 'page')
  await noteSettings(tenant, read.settings, context)
  return await judgePage(tenant, read, readEvents(tenant, read.events), context)
}

/**
 * Puts the oldest event of a tenant aside, unjudged: the database refuses what comes of it. That is a mistake of ours, and
 * must not keep everything behind it waiting until it is mended.
 */
export async function skipEvent(tenant: string, reason: string, context: PageContext): Promise<PageResult> {
  const read = answer(page, await context.read({ op: 'page', tenant, most: 1, bytes: mostBytes }), 'page')
  const seqs = read.events.map(({ seq }) => seq)
  return await judgePage(tenant, read, { events: [], seqs, setAside: seqs.map((seq) => ({ seq, reason })) }, context)
}

async function judgePage(
  tenant: string,
  read: Page,
  { events, seqs, setAside }: ReadEvents,
  context: PageContext,
): Promise<PageResult> {
  const settings = settingsOf(read.settings)
  const base = new Map<string, Json>()
  const load = (keys: readonly string[]) => loadStates(context, tenant, read.version, keys, base)
  if (!(await load(stateKeysOf(events, context.rules, settings.rules)))) return stale

  const states = overlay(base)
  const nowMs = context.clock.now()
  const detected = detect({
    ...{ tenant, events, states, rules: context.rules, settings: settings.rules },
    ...{ nowMs, sinceMs: read.since_ms, tick: !read.more },
  })
  if (detected.findings.length > 0 && !(await load(incidentKeysOf(detected.findings)))) return stale
  const folded = fold(detected.findings, states, readIncidentSettings(settings.incidents))
  for (const { id, reason } of detected.failed) context.log.error('a rule broke on an event', { event: id, reason })
  // Nothing has come and nothing follows from that.
  if (seqs.length === 0 && states.changed.size === 0) return empty

  const watermarkMs = Math.max(read.watermark_ms, detected.watermarkMs)
  const payload = commitOf({ tenant, version: read.version, seqs, setAside, states, detected, folded, watermarkMs })
  const reply = answer(committed, (await context.transact(payload)).output, 'commit')
  if (reply.stale) return stale
  return {
    outcome: 'committed',
    more: read.more,
    news: folded.changes.some(({ quiet }) => !quiet),
    done: {
      events: events.length,
      findings: folded.findings.filter(({ isNew }) => isNew).length,
      incidents: folded.changes.filter(({ change }) => change !== 'continued').length,
      late: detected.late + detected.future,
      blocked: detected.blocked,
      set_aside: setAside.length,
      stale: 0,
    },
    rules: detected.counters,
    latencies: folded.findings.flatMap(({ finding, isNew }) =>
      isNew ? [{ rule: finding.rule, ms: Math.max(0, context.clock.now() - finding.timeMs) }] : [],
    ),
  }
}
