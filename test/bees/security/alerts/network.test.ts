import { describe, expect, it } from 'vitest'
import {
  AddressRefused,
  allowedAddresses,
  isAllowedAddress,
} from '../../../../bees/security/alerts/wire/allowed-address.ts'
import { post } from '../../../../bees/security/alerts/wire/post.ts'
import { openDesk, whsec } from './desk.ts'
import { startReceiver } from './receiver-server.ts'

const signal = () => AbortSignal.timeout(5000)
const base = { headers: {}, body: '{}' }

describe('where an alert may go', () => {
  it.each([
    ...['127.0.0.1', '10.1.2.3', '172.16.0.1', '192.168.1.1', '100.64.0.1', '::1', 'fc00::1', '::ffff:10.0.0.1'],
  ])('%s: the own network, when that is wanted', (address) => {
    expect([isAllowedAddress(address, false), isAllowedAddress(address, true)]).toEqual([false, true])
  })

  it.each([
    ...['169.254.169.254', '169.254.0.1', 'fe80::1', 'fd00:ec2::254', '100.100.100.200', '::ffff:169.254.169.254'],
    ...['0.0.0.0', '255.255.255.255', '224.0.0.1', '192.0.2.1', '198.18.0.1', '240.0.0.1', '::', 'ff02::1'],
    ...['64:ff9b::7f00:1', '2002:7f00:1::', '2001:0:53aa::1', '2001:db8::1', 'fec0::1', '5f00::1', '4000::1'],
    ...['not-an-address', '', '1', '0x7f.1', '127.1'],
  ])('%j: never', (address) => {
    expect([isAllowedAddress(address, false), isAllowedAddress(address, true)]).toContain(false)
    if (!/^(0x|127\.1|1$)/.test(address)) expect(isAllowedAddress(address, true)).toBe(false)
  })

  it.each(['8.8.8.8', '2606:4700::1111', '::ffff:8.8.8.8'])('%s: always', (address) => {
    expect([isAllowedAddress(address, false), isAllowedAddress(address, true)]).toEqual([true, true])
  })

  it('refuses a name that leads to the own machine, as the system resolves it', async () => {
    await expect(allowedAddresses('localhost', false)).rejects.toThrow(AddressRefused)
    await expect(allowedAddresses('localhost', true)).resolves.not.toHaveLength(0)
  })

  it('refuses a name of which one address is private, whichever would have been taken', async () => {
    const lookup = async () => [
      { address: '93.184.216.34', family: 4 as const },
      { address: '10.0.0.5', family: 4 as const },
    ]
    await expect(allowedAddresses('mixed.example', false, lookup)).rejects.toMatchObject({ problem: 'private_address' })
    await expect(allowedAddresses('none.example', false, async () => [])).rejects.toMatchObject({
      problem: 'unknown_host',
    })
  })

  it.each([
    ...['http://2130706433/', 'http://0x7f000001/', 'http://127.1/', 'http://[::ffff:7f00:1]/', 'http://0/'],
    ...['http://①②⑦.0.0.1/', 'http://[::1]/'],
  ])('is not fooled by %s', async (url) => {
    await using receiver = await startReceiver()
    const target = new URL(url)
    target.port = String(receiver.port)
    await expect(post({ ...base, url: target, signal: signal(), allowPrivate: false })).rejects.toMatchObject({
      problem: 'private_address',
    })
    expect(receiver.received).toHaveLength(0)
  })

  it('connects to what it has checked, whatever the name means a moment later', async () => {
    await using trap = await startReceiver()
    let again = 0
    const once = async () => {
      again += 1
      return [{ address: again === 1 ? '127.0.0.1' : '127.0.0.2', family: 4 as const }]
    }
    const answer = await post({
      ...{
        ...base,
        url: new URL(`http://rebind.example:${trap.port}/x`),
        signal: signal(),
        allowPrivate: true,
        lookup: once,
      },
    })
    expect([answer.status, again]).toEqual([200, 1])
    expect(trap.received[0]?.headers.host).toBe(`rebind.example:${trap.port}`)
  })

  it('ends with its signal, also while a name is being resolved', async () => {
    const never = () => new Promise<never>(() => undefined)
    const cut = AbortSignal.timeout(50)
    await expect(
      post({ ...base, url: new URL('https://slow.example/'), signal: cut, allowPrivate: false, lookup: never }),
    ).rejects.toMatchObject({ problem: 'timeout' })
  })

  it('keeps alerts away from the own machine unless the operator says otherwise', async () => {
    await using receiver = await startReceiver()
    await using desk = await openDesk({
      receivers: [
        {
          ...{ kind: 'webhook', name: 'w', url: `https://localhost:${receiver.port}/`, secrets: [whsec()] },
          route: { group_wait_s: 0 },
        },
      ],
      allowPrivate: false,
    })
    await desk.deliver()
    await desk.note([{}])
    expect(await desk.deliver()).toMatchObject({ sent: 0, retried: 1 })
    const [row] = await desk.rows('select problem from security.deliveries')
    expect(row?.['problem']).toBe('private_address')
    expect(receiver.received).toHaveLength(0)
  })
})
