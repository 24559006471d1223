import type { SeededRandom } from '../../../support/index.ts'

const names = (
  'action time id source metadata timestamp event_message request response parsed auth_event src_ip data path email ' +
  'status req function_id headers remote_addr log_attributes user_uid amount country lat object_id card phone url cf sb'
).split(' ')
const texts = [
  ...['login', '', '1.2.3.4', '::1', '::ffff:9.9.9.9', '400: x', '{"a":1}', '{"path":"/token","status":400}', '/token'],
  ...[
    'x'.repeat(300),
    '2026-11-20T10:00:00Z',
    '\u0000',
    '\ud800',
    '%ff',
    '%00',
    '\u202e',
    '1e999',
    "'; drop table x",
    '\\u0000',
  ],
]

/** Items as a hostile or broken sender makes them: partly in a form that is understood, with anything in any place. */
export function hostileItems(random: SeededRandom, count: number, nowMs = Date.now()): unknown[] {
  const value = (depth: number): unknown => {
    const kind = random.integer(0, depth > 4 ? 6 : 9)
    if (kind === 0) return null
    if (kind === 1) return random.integer(-10, 2_000_000_000)
    if (kind === 2) return (random.next() - 0.5) * 10 ** random.integer(0, 300)
    if (kind <= 4) return random.pick(texts)
    if (kind === 5) return random.boolean()
    if (kind === 6) return random.pick(names)
    if (kind === 7) return Array.from({ length: random.integer(0, 3) }, () => value(depth + 1))
    return object(depth)
  }
  const object = (depth: number, fields = random.integer(0, 6)): Record<string, unknown> =>
    Object.fromEntries(Array.from({ length: fields }, () => [random.pick(names), value(depth + 1)]))
  return Array.from({ length: count }, () => {
    const form = random.integer(0, 3)
    if (form === 0) return value(0)
    if (form === 1) return { time: nowMs - random.integer(0, 1e6), action: 'login', ...object(3, random.integer(0, 2)) }
    const request = { path: '/rest/v1/orders', ...object(2) }
    const metadata = random.pick([
      { request, response: object(2) },
      { parsed: object(2) },
      object(1),
      [{ request, response: {} }],
    ])
    return { timestamp: nowMs, event_message: random.pick(texts), metadata, ...(random.boolean(0.2) ? object(1) : {}) }
  })
}
