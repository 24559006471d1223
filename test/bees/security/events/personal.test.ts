import { describe, expect, test } from 'vitest'
import { canonicalIp, isPublicIp, netOf } from '../../../../bees/security/events/ip-address.ts'
import { normalise } from '../../../../bees/security/events/normalise.ts'
import { createPseudonymiser } from '../../../../bees/security/events/pseudonym.ts'
import { isPersonal } from '../../../../bees/security/events/scrub-text.ts'
import { pseudonymKey } from './ingest.ts'
import { one, own, pseudonyms, take } from './take.ts'

describe('addresses', () => {
  test.each([
    ['203.0.113.7', '203.0.113.7', '203.0.113.0/24'],
    ['::ffff:203.0.113.7', '203.0.113.7', '203.0.113.0/24'],
    ['::FFFF:CB00:7107', '203.0.113.7', '203.0.113.0/24'],
    ['2001:DB8:0:1::0001', '2001:db8:0:1::1', '2001:db8::/48'],
    ['[2001:db8::1]:443', '2001:db8::1', '2001:db8::/48'],
    ['fe80::1%eth0', 'fe80::1', 'fe80::/48'],
    [' 10.1.2.3:8080 ', '10.1.2.3', '10.1.2.0/24'],
    ['::', '::', '::/48'],
  ])('%s is %s in %s', (text, ip, net) => {
    expect(canonicalIp(text)).toBe(ip)
    expect(netOf(ip)).toBe(net)
  })

  test.each([
    '',
    'x',
    '127.1',
    '0x7f.0.0.1',
    '017.0.0.1',
    '2130706433',
    '1.2.3.4, 5.6.7.8',
    '1.2.3.256',
    '1.2.3.4/24',
    ':::1',
    `1${':1'.repeat(40)}`,
  ])('%j is none', (text) => {
    expect(canonicalIp(text)).toBeUndefined()
    expect(take(own({ src_ip: text })).events).toEqual([])
  })

  test('private, loopback and documentation ranges are not public', () => {
    for (const ip of ['10.0.0.1', '192.168.3.4', '127.0.0.1', '169.254.1.1', '::1', 'fd00::1', 'fe80::1']) {
      expect(isPublicIp(ip)).toBe(false)
    }
    for (const ip of ['8.8.8.8', '2a00:1450::1']) expect(isPublicIp(ip)).toBe(true)
  })

  test('by policy: the network alone, or a stand-in that keeps networks together and hits nobody', () => {
    const truncating = createPseudonymiser({ key: pseudonymKey, ipPolicy: 'truncate' }, 'default')
    expect(truncating.ip('8.8.4.77')).toBe('8.8.4.0')
    expect(truncating.ip('2a00:1450:4001:82a::200e')).toBe('2a00:1450:4001::')
    const hashing = createPseudonymiser({ key: pseudonymKey, ipPolicy: 'hash' }, 'default')
    const other = createPseudonymiser({ key: pseudonymKey, ipPolicy: 'hash' }, 'acme')
    const [a, b, c] = ['8.8.4.77', '8.8.4.78', '8.8.5.77'].map((ip) => hashing.ip(ip) ?? '')
    for (const ip of [a, b, c]) expect([ip?.startsWith('fd'), isPublicIp(ip ?? '')]).toEqual([true, false])
    expect(new Set([a, b, c]).size).toBe(3)
    expect(netOf(a ?? '')).toBe(netOf(b ?? ''))
    expect(netOf(a ?? '')).not.toBe(netOf(c ?? ''))
    expect(hashing.ip('::ffff:8.8.4.77')).toBe(a)
    expect(other.ip('8.8.4.77')).not.toBe(a)
    expect(hashing.ip('10.0.0.1')).toBe('10.0.0.1')
    const event = normalise([own({ src_ip: '8.8.4.77' })], { tenant: 'default', pseudonyms: hashing }).events[0]
    expect(JSON.stringify(event)).not.toContain('8.8.4')
  })
})

describe('what identifies a person', () => {
  test('the same address or number has one pseudonym however it is written, another in another tenant', () => {
    expect(pseudonyms.identifier(' Ada@Users.Example ')).toBe(pseudonyms.identifier('ada@users.example'))
    expect(pseudonyms.identifier('+44 7911 123-456')).toBe(pseudonyms.identifier('00447911123456'))
    expect(pseudonyms.identifier('ada@users.example')).toMatch(/^[0-9a-f]{24}$/)
    const other = createPseudonymiser({ key: pseudonymKey, ipPolicy: 'keep' }, 'acme')
    expect(other.identifier('ada@users.example')).not.toBe(pseudonyms.identifier('ada@users.example'))
    expect(pseudonyms.of('card', 'x')).not.toBe(pseudonyms.of('device', 'x'))
    expect(one(own({ email: 'Ada@users.example' })).identifier).toBe(
      one(own({ identifier: 'ada@users.example' })).identifier,
    )
  })

  test.each([
    ['ada@users.example', true],
    ['token eyJhbGciOiJIUzI1NiJ9', true],
    ['sb_secret_abcdef0123', true],
    ['4111 1111 1111 1111', true],
    ['4111111111111111', true],
    ['4111111111111112', false],
    ['+44 7911 123456', true],
    ['1764000000000', false],
    ['3f1c1f0e-8f64-4f8e-9a55-111111111111', false],
    ['invalid_credentials', false],
  ])('%s is personal: %s', (text, personal) => expect(isPersonal(text)).toBe(personal))

  test('no canary in any field comes through', () => {
    const canaries = ['canary@users.example', '+44 7911 654321', '4242 4242 4242 4242', 'eyJjYW5hcnlUb2tlbjEyMzQ1']
    for (const canary of canaries) {
      for (const field of [
        ...[
          'id',
          'source',
          'user_uid',
          'actor_uid',
          'identifier',
          'account',
          'session_uid',
          'auth_method',
          'api_key_id',
        ],
        ...[
          'device',
          'card',
          'object_id',
          'path',
          'url',
          'resource',
          'metric',
          'role',
          'kid',
          'alg',
          'ja3',
          'user_agent',
        ],
        ...['error_code', 'email', 'phone', 'http_method', 'phone_prefix', 'email_domain', 'ua_family'],
      ]) {
        const { events } = take(
          own({ [field]: field === 'path' || field === 'url' ? `/orders/${canary}/x?q=${canary}` : canary }),
        )
        expect(JSON.stringify(events), `${field} ${canary}`).not.toContain(canary)
      }
      const { events } = take(
        own({
          data: {
            note: `hello ${canary}`,
            deep: { list: [canary, { [canary]: 1 }] },
            first_name: 'Canary',
            token: 'abc',
          },
        }),
      )
      expect(events).toHaveLength(1)
      expect(JSON.stringify(events)).not.toContain(canary)
      expect(JSON.stringify(events)).not.toMatch(/Canary|abc/)
    }
  })
})
