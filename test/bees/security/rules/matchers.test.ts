import { describe, expect, test } from 'vitest'
import type { SecurityEvent } from '../../../../bees/security/events/event.ts'
import { event, hitsOf, rulesOf } from './playing.ts'

function passes(
  item: Record<string, unknown>,
  parts: Partial<SecurityEvent>,
  settings: Record<string, unknown> = {},
): boolean {
  const detection = { probe: { action: 'login', ...item }, condition: 'probe' }
  const rules = rulesOf({ settings, detection, any: [{ kind: 'match' }] })
  return hitsOf(rules, [event(0, parts)]) === 1
}

describe('modifiers', () => {
  test.each<[string, Record<string, unknown>, Partial<SecurityEvent>, Partial<SecurityEvent>]>([
    ['equal', { country: 'DE' }, { country: 'DE' }, { country: 'FR' }],
    ['equal in any case', { path: '/Admin' }, { path: '/aDMIN' }, { path: '/admins' }],
    ['cased', { 'path|cased': '/Admin' }, { path: '/Admin' }, { path: '/admin' }],
    ['one of a list', { country: ['DE', 'FR'] }, { country: 'FR' }, { country: 'GB' }],
    ['one of a long list', { country: ['DE', 'FR', 'GB', 'IT', 'ES'] }, { country: 'IT' }, { country: 'US' }],
    ['numbers of a long list', { asn: [1, 2, 3, 4, 5] }, { asn: 4 }, { asn: 6 }],
    ['wildcards', { path: '/rest/*/ord?rs' }, { path: '/rest/v1/a/Orders' }, { path: '/rest/v1/ords' }],
    ['a wildcard as it is', { path: '/a\\*' }, { path: '/a*' }, { path: '/ab' }],
    ['regex signs in a wildcard', { path: '/a.b*' }, { path: '/a.bc' }, { path: '/axbc' }],
    ['contains', { 'path|contains': 'ADMIN' }, { path: '/x/admin/y' }, { path: '/x/adm1n' }],
    ['contains one', { 'path|contains': ['a', 'b'] }, { path: '/b' }, { path: '/c' }],
    ['contains all', { 'path|contains|all': ['a', 'b'] }, { path: '/b/a' }, { path: '/b' }],
    ['startswith', { 'path|startswith': '/rest' }, { path: '/REST/x' }, { path: '/x/rest' }],
    ['endswith', { 'path|endswith': '.php' }, { path: '/x.php' }, { path: '/x.php5' }],
    ['re', { 'path|re': '^/[a-c]+$' }, { path: '/abc' }, { path: '/abcd' }],
    ['re does see the case', { 'path|re': 'ABC' }, { path: '/ABC' }, { path: '/abc' }],
    ['cidr', { 'src_ip|cidr': '203.0.113.0/24' }, { src_ip: '203.0.113.200' }, { src_ip: '203.0.114.1' }],
    ['cidr of IPv6', { 'src_ip|cidr': '2001:db8::/32' }, { src_ip: '2001:db8:1::1' }, { src_ip: '2001:db9::1' }],
    ['cidr, other family', { 'src_ip|cidr': ['0.0.0.0/0'] }, { src_ip: '1.2.3.4' }, { src_ip: '2001:db8::1' }],
    ['an address without bits', { 'src_ip|cidr': '10.0.0.1' }, { src_ip: '10.0.0.1' }, { src_ip: '10.0.0.2' }],
    ['gt', { 'rows|gt': 5 }, { rows: 6 }, { rows: 5 }],
    ['gte', { 'rows|gte': 5 }, { rows: 5 }, { rows: 4 }],
    ['lt', { 'rows|lt': 5 }, { rows: 4 }, { rows: 5 }],
    ['lte', { 'rows|lte': 5 }, { rows: 5 }, { rows: 6 }],
    ['neq', { 'country|neq': 'DE' }, { country: 'FR' }, { country: 'DE' }],
    ['neq to all of a list', { 'country|neq': ['DE', 'FR'] }, { country: 'GB' }, { country: 'FR' }],
    ['neq needs a value', { 'country|neq': 'DE' }, { country: 'FR' }, {}],
    ['exists', { 'country|exists': true }, { country: 'FR' }, {}],
    ['not exists', { 'country|exists': false }, {}, { country: 'FR' }],
    ['null', { country: null }, {}, { country: 'FR' }],
    [
      'fieldref',
      { 'user_uid|fieldref': 'actor_uid' },
      { user_uid: 'a', actor_uid: 'a' },
      { user_uid: 'a', actor_uid: 'b' },
    ],
    ['fieldref of nothing', { 'user_uid|fieldref': 'actor_uid' }, { user_uid: 'a', actor_uid: 'a' }, {}],
    [
      'fieldref|neq',
      { 'user_uid|fieldref|neq': 'actor_uid' },
      { user_uid: 'a', actor_uid: 'b' },
      { user_uid: 'a', actor_uid: 'a' },
    ],
    ['boolean', { is_admin: true }, { is_admin: true }, { is_admin: false }],
  ])('%s', (_name, item, fitting, other) => {
    expect(passes(item, fitting)).toBe(true)
    expect(passes(item, other)).toBe(false)
  })

  test('hour and weekday of the time, UTC', () => {
    // The start is a Monday, 09:00.
    expect(passes({ 'time|hour': [9, 10] }, {})).toBe(true)
    expect(passes({ 'time|hour|gte': 10 }, {})).toBe(false)
    expect(passes({ 'time|weekday': 1 }, {})).toBe(true)
    expect(passes({ 'time|weekday|gt': 5 }, {})).toBe(false)
  })

  test('values come from settings; an empty list never matches, and neq of it always', () => {
    expect(passes({ country: '$home' }, { country: 'DE' }, { home: ['DE'] })).toBe(true)
    expect(passes({ country: ['GB', '$home'] }, { country: 'DE' }, { home: ['FR', 'DE'] })).toBe(true)
    expect(passes({ country: '$home' }, { country: 'DE' }, { home: [] })).toBe(false)
    expect(passes({ 'country|neq': '$home' }, { country: 'DE' }, { home: [] })).toBe(true)
    expect(passes({ path: '$$home' }, { path: '$home' })).toBe(true)
  })

  test('a pattern that would take for ever elsewhere is linear', () => {
    const began = performance.now()
    for (const pattern of ['(a+)+$', '(a|a)*$', '^(([a-z])+.)+[A-Z]([a-z])+$', '(.*a){20}']) {
      passes({ 'path|re': pattern }, { path: `${'a'.repeat(255)}!` })
    }
    expect(performance.now() - began).toBeLessThan(5000)
  })
})
