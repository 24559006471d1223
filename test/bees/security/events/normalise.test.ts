import { describe, expect, test } from 'vitest'
import { objectIdOf, pathTemplate } from '../../../../bees/security/events/path-template.ts'
import { deviceOf, userAgentOf } from '../../../../bees/security/events/user-agent.ts'
import { seededRandom } from '../../../support/index.ts'
import { hostileItems } from './hostile-items.ts'
import { one, own, take } from './take.ts'

describe('paths and agents', () => {
  test.each([
    ['/rest/v1/orders/17?select=*', '/rest/v1/orders/:id'],
    ['/rest/v1/orders/3f1c1f0e-8f64-4f8e-9a55-111111111111', '/rest/v1/orders/:id'],
    ['/users/ada%40users.example/edit', '/users/:personal/edit'],
    ['/reset/a1b2c3d4e5f60718293a4b5c', '/reset/:id'],
    ['/storage/v1/object/public/avatars/ada-lovelace/me.png', '/storage/v1/object/public/avatars/:object'],
    ['/.env', '/.env'],
    ['/wp-login.php', '/wp-login.php'],
    ['//a///b/', '/a/b'],
    ['/x\u001b[31m', '/x__31m'],
    [`/${'a/'.repeat(50)}`, `/${'a/'.repeat(12)}:more`],
    ['', '/'],
  ])('%j is %s', (path, template) => expect(pathTemplate(path)).toBe(template))

  test('the id that a request asks for', () => {
    expect(objectIdOf('/rest/v1/orders', '?id=eq.1042&select=*')).toBe('1042')
    expect(objectIdOf('/orders/1043', '')).toBe('1043')
    expect(objectIdOf('/orders', '?q=1')).toBeUndefined()
    expect(one(own({ action: 'data_read', path: '/orders/1043' }))).toMatchObject({
      object_number: 1043,
      path: '/orders/:id',
    })
  })

  test.each([
    [
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36',
      'Chrome',
      'browser',
    ],
    [
      'Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15',
      'Safari',
      'browser',
    ],
    [
      'Mozilla/5.0 (X11) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/130.0 Safari/537.36',
      'HeadlessChrome',
      'script',
    ],
    ['curl/8.5.0', 'curl', 'script'],
    ['sqlmap/1.8', 'sqlmap', 'script'],
    ['okhttp/4.12', 'okhttp', 'app'],
    ['Mozilla/5.0 (compatible; Googlebot/2.1)', 'Googlebot', 'bot'],
    ['zzz', 'other', 'script'],
  ])('%s', (agent, family, kind) => {
    expect(userAgentOf(agent)).toEqual({ family, kind })
  })

  test('an update makes no new device', () => {
    expect(deviceOf('Mozilla/5.0 Chrome/130.0.1')).toBe(deviceOf('Mozilla/5.0 Chrome/131.2'))
    expect(userAgentOf('')).toBeUndefined()
  })
})

test('whatever comes, nothing throws and every item is accounted for', () => {
  const items = hostileItems(seededRandom(), 4000)
  const { events, refusals, ignored } = take(...items)
  expect(events.length + refusals.length + ignored).toBe(items.length)
  for (const count of [events.length, refusals.length, ignored]) expect(count).toBeGreaterThan(100)
})
