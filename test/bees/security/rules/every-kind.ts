import type { SecurityEvent } from '../../../../bees/security/events/event.ts'
import type { SeededRandom } from '../../../support/index.ts'
import { event, hour, minute, rulesOf } from './playing.ts'

const detection = {
  failed: { action: 'login', status_id: 2 },
  worked: { action: 'login', status_id: 1 },
  read: { action: 'data_read' },
  beat: { action: 'heartbeat' },
}
/** Uses every selection, and never holds. */
const filler = { kind: 'match', of: 'failed and worked and read and beat' }
const by = ['src_ip']
const within = '10m'

/** One rule of each kind, and two that look at others. */
export function everyKind() {
  const rule = (id: string, clause: Record<string, unknown>, parts: Record<string, unknown> = {}) => ({
    id,
    suppress: '20m',
    detection,
    any: [clause, filler],
    ...parts,
  })
  return rulesOf(
    rule('matched', { kind: 'match', of: 'failed' }),
    rule('counted', { kind: 'event_count', of: 'failed', by, within, gte: 8 }),
    rule('valued', { kind: 'value_count', of: 'failed', by, within, field: 'account', gte: 4 }),
    rule('sketched', { kind: 'value_count', of: 'read', by: [], within, field: 'path', gte: 300 }),
    rule('summed', { kind: 'value_sum', of: 'read', by: ['account'], within, field: 'rows', gte: 900 }),
    rule('shared', { kind: 'ratio', of: 'failed or worked', part: 'failed', by, within, min: 5, gt: 0.7 }),
    rule('measured', {
      kind: 'window',
      of: 'failed',
      by: ['src_ip', 'country'],
      within,
      measures: {
        n: { count: true, gte: 3 },
        few: { share_of: 'account', at_most: 2, gte: 0.5 },
        top: { top_share: 'account', lte: 0.9 },
        lasted: { span: true, gte: '10s' },
      },
    }),
    rule('ordered', {
      kind: 'temporal_ordered',
      by: ['account'],
      within,
      stages: [
        { of: 'failed', count: 2 },
        { of: 'worked', differs: ['src_ip'] },
      ],
    }),
    rule('together', {
      kind: 'temporal',
      by: ['account'],
      within,
      stages: [{ of: 'failed' }, { of: 'worked' }, { of: 'read' }],
    }),
    rule('missing', { kind: 'absent', of: 'read', unless: 'worked', by: ['account'], within, learn: '5m' }),
    rule('novel', {
      kind: 'new_value',
      of: 'worked',
      by: ['account'],
      fields: ['country'],
      learn: '30m',
      forget: '2h',
      memory: 3,
      within: '1h',
      gte: 1,
    }),
    rule('woken', { kind: 'gap', of: 'worked', by: ['account'], longer: '40m' }),
    rule('heavy', {
      kind: 'baseline',
      of: 'read',
      by: ['account'],
      field: 'rows',
      within: '5m',
      factor: 3,
      min: 300,
      learn: '30m',
      history: '3h',
    }),
    rule('moved', { kind: 'travel', of: 'worked', by: ['account'], faster: 900, farther: 500 }),
    rule('dripping', { kind: 'leaky', of: 'failed', by: ['account'], capacity: 3, leak: '2m' }),
    rule('walked', { kind: 'run', of: 'read', by, field: 'object_number', within, gte: 6, step: 2 }),
    rule('silent', { kind: 'silence', of: 'beat', by: ['source'], factor: 3, min: '1m', learn_events: 5 }),
    rule('metered', { kind: 'metric', of: 'failed', by: [], every: '1m', value: 'count' }),
    rule(
      'chained',
      { kind: 'temporal_ordered', by, within: '1h', stages: [{ of: { rule: 'counted' } }, { of: 'worked' }] },
      { severity: 'critical' },
    ),
    rule('onsets', { kind: 'event_count', of: { rule: 'matched', onset: true }, by, within: '2h', gte: 2 }),
  )
}

/** A busy time: mostly in order, some late, some very late, some from the future. */
export function busy(random: SeededRandom, count: number): readonly SecurityEvent[] {
  const events: SecurityEvent[] = []
  let now = 0
  for (let index = 0; index < count; index++) {
    now += random.pick([0, 0, 1, 500, 2000, 10_000, random.boolean(0.02) ? 45 * minute : 3000])
    const shift = random.boolean(0.1)
      ? -random.integer(0, 9 * minute)
      : random.boolean(0.02)
        ? -random.integer(0, 5 * hour)
        : 0
    const future = random.boolean(0.005) ? 300 * hour : 0
    const country = random.pick(['DE', 'FR', 'JP', 'US'])
    events.push(
      event(now + shift + future + 6 * hour, {
        action: random.pick(['login', 'login', 'login', 'data_read', 'data_read', 'heartbeat']),
        status_id: random.pick([1, 2, 2]),
        user_uid: `u${random.integer(0, 5)}`,
        src_ip: `203.0.113.${random.integer(0, 3)}`,
        source: random.pick(['edge', 'auth']),
        path: `/p/${random.integer(0, 2000)}`,
        rows: random.integer(0, 200),
        object_number: random.integer(0, 60),
        ...(random.boolean(0.9) ? { country } : {}),
        ...(random.boolean(0.9) ? { lat: country.charCodeAt(0) - 60, long: country.charCodeAt(1) } : {}),
        ...(random.boolean(0.01) ? { blocked: true } : {}),
      }),
    )
  }
  return events
}
