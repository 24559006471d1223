/** The attacker is another user of the same machine, or reads what the hive prints. */

import { readdir, readFile, readlink, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type HiveProcess, startHiveProcess } from '../support/hive.ts'

let hive: HiveProcess
let processes: readonly number[]
/** Every secret of the hive: its keys, the database password, the signing secrets. */
let secrets: readonly string[]

beforeAll(async () => {
  hive = await startHiveProcess({ env: { BEES_LOG_LEVEL: 'trace' } })
  processes = [hive.pid, ...(await hive.descendants())]
  const keys = Object.values(JSON.parse(await readFile(join(hive.dataDir, 'keys.json'), 'utf8')) as object)
  const { password } = JSON.parse(await readFile(join(hive.dataDir, 'cluster.json'), 'utf8')) as { password: string }
  // The publishable key is meant to be seen.
  secrets = [...keys, password].map(String).filter((text) => !text.startsWith('sb_publishable_'))
  expect(secrets.length).toBeGreaterThanOrEqual(8)
}, 120_000)
afterAll(() => hive?.close())

const onlyLinux = process.platform === 'linux'

describe.runIf(onlyLinux)('its processes', () => {
  test('show no secret in their arguments', async () => {
    expect(processes.length).toBeGreaterThan(3)
    for (const pid of processes) {
      const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
      for (const secret of secrets) expect(line.includes(secret), `process ${pid}`).toBe(false)
    }
  })

  test('inherit no secret in their environment', async () => {
    for (const pid of processes) {
      const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '')
      for (const secret of secrets) expect(environment.includes(secret), `process ${pid}`).toBe(false)
    }
  })

  test('listen on the loopback address only', async () => {
    const own = new Set<string>()
    for (const pid of processes) {
      for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
        const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')
        const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1]
        if (inode !== undefined) own.add(inode)
      }
    }
    const addresses: string[] = []
    for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
      for (const line of (await readFile(table, 'utf8').catch(() => '')).split('\n').slice(1)) {
        const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/)
        if (state === '0A' && own.has(inode)) addresses.push(local.split(':')[0] ?? '')
      }
    }
    // Broker, gateway, Postgres, the front and the server behind it.
    expect(addresses.length).toBeGreaterThanOrEqual(4)
    expect([...new Set(addresses)]).toEqual(['0100007F'])
  })
})

test('no other user can read a file with a secret in it', async () => {
  const open: string[] = []
  for (const name of await readdir(hive.dataDir, { recursive: true })) {
    const path = join(hive.dataDir, name)
    const about = await stat(path).catch(() => undefined)
    if (about === undefined || !about.isFile() || (about.mode & 0o077) === 0) continue
    const text = await readFile(path, 'latin1')
    if (secrets.some((secret) => text.includes(secret))) open.push(name)
  }
  expect(open).toEqual([])
})

test('at the lowest log level nothing that it prints holds a secret', async () => {
  await fetch(`${hive.url}/webhooks/stripe`, {
    method: 'POST',
    headers: { 'stripe-signature': `t=${Math.floor(Date.now() / 1000)},v1=${'0'.repeat(64)}` },
    body: '{}',
  })
  await expect.poll(() => hive.logs()).toContain('webhook refused')
  for (const path of ['/', '/status.json', '/metrics', '/.well-known/jwks.json', '/readyz']) {
    const text = await (await fetch(`${hive.url}${path}`)).text()
    for (const secret of secrets) expect(text.includes(secret), path).toBe(false)
  }
  for (const secret of secrets) expect(hive.logs().includes(secret)).toBe(false)
})
