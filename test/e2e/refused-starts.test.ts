import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  allGone,
  descendantsOf,
  freshDataDir,
  type HiveProcess,
  removeDataDir,
  spawnHive,
  startHiveProcess,
} from '../support/hive.ts'
import { until } from '../support/index.ts'

let dataDir: string
beforeAll(async () => {
  dataDir = await freshDataDir()
})
afterAll(() => removeDataDir(dataDir))

/** Runs `bees start` where it cannot; gives its exit code, what it said, and the processes that it had. */
async function refused(folder: string, env: Readonly<Record<string, string>> = {}) {
  const child = spawnHive(folder, { env })
  const had = new Set<number>()
  const looking = setInterval(() => {
    descendantsOf(child.pid ?? 0).then((pids) => {
      for (const pid of pids) had.add(pid)
    })
  }, 50)
  const [code] = (await once(child, 'close')) as [number | null]
  clearInterval(looking)
  return { code, said: child.output(), had: [...had] }
}

describe('a start that cannot be', () => {
  it('names every malformed variable at once, and no value', async () => {
    const secret = 'not-a-key-but-still-secret'
    const { code, said } = await refused(dataDir, {
      BEES_PORT: '99999999',
      BEES_LOG_LEVEL: 'loud',
      BEES_RECEIPT_KEY: secret,
      COLONIES_PRVKEY: secret,
      COLONIES_SERVER_TLS: 'perhaps',
      SUPABASE_URL: 'ftp://nowhere',
      DATABASE_URL: `mysql://user:${secret}@host/db`,
      STRIPE_LIVEMODE: 'sometimes',
      BEES_SLOTS: '0',
      BEES_DRAIN_SECONDS: '-1',
    })
    expect(code).toBe(1)
    for (const name of [
      ...['BEES_PORT', 'BEES_LOG_LEVEL', 'BEES_RECEIPT_KEY', 'COLONIES_PRVKEY', 'COLONIES_SERVER_TLS', 'SUPABASE_URL'],
      ...['DATABASE_URL', 'STRIPE_LIVEMODE', 'BEES_SLOTS', 'BEES_DRAIN_SECONDS', 'BEE_CONFIG_INVALID'],
    ]) {
      expect(said).toContain(name)
    }
    expect(said).not.toContain(secret)
  })

  it('says which variable is missing beside another', async () => {
    const { code, said } = await refused(dataDir, { SUPABASE_URL: 'https://project.supabase.example' })
    expect(code).toBe(1)
    expect(said).toContain('SUPABASE_SECRET_KEY')
  })

  it('refuses a taken port and leaves nothing running', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    try {
      const { code, said, had } = await refused(dataDir, { BEES_PORT: String(port) })
      expect(code).toBe(1)
      expect(said).toContain('BEE_PORT_IN_USE')
      expect(said).toContain(String(port))
      expect(had.length).toBeGreaterThan(0)
      await allGone(had)
    } finally {
      server.close()
    }
  })

  it('refuses a DATABASE_URL where nothing answers, without its password', async () => {
    const { code, said } = await refused(dataDir, { DATABASE_URL: 'postgres://bees:hidden-word@127.0.0.1:9/none' })
    expect(code).toBe(1)
    expect(said).toContain('BEE_LOCAL_STACK_FAILED')
    expect(said).not.toContain('hidden-word')
  })
})

describe('a start that is interrupted', () => {
  it.each([1, 3, 5])('with %i processes under way leaves none of them', async (children) => {
    const folder = await freshDataDir()
    const child = spawnHive(folder)
    const exited = once(child, 'exit')
    try {
      let had: readonly number[] = []
      await until(
        async () => {
          had = await descendantsOf(child.pid ?? 0)
          return had.length >= children
        },
        { timeoutMs: 30_000, intervalMs: 1, what: `${children} children` },
      )
      process.kill(-(child.pid ?? 0), 'SIGINT')
      await exited
      await allGone(had)
    } finally {
      child.kill('SIGKILL')
      await removeDataDir(folder)
    }
  })
})

describe('a second hive in the same folder', () => {
  let hive: HiveProcess
  beforeAll(async () => {
    hive = await startHiveProcess()
  })
  afterAll(() => hive?.close())

  it('is refused with the process id of the first, which goes on', async () => {
    const { code, said } = await refused(hive.dataDir)
    expect(code).toBe(1)
    expect(said).toContain('BEE_LOCAL_STACK_LOCKED')
    expect(said).toContain(String(hive.pid))
    expect((await fetch(`${hive.url}/readyz`)).status).toBe(200)
  })
})
