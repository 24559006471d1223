/**
 * From the post of an attack to its alert at the receiver, in a whole local hive: Postgres, gateway, broker, bees, mailbox.
 *
 *   node bench/security/latency.ts [--attacks 50] [--json]
 *
 * One attack after the other, each on a tenant of its own (in one tenant they would be one incident, told once): 40 failed
 * sign-ins and one that works, in one request. The clock
 * runs from the request to the arrival of the message; looking for the answer adds nothing, since the mailbox keeps the time.
 */
import { randomUUID } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type OwnEvent, stuffing } from '../../src/cli/demo/security/attack.ts'
import { startHive } from '../hive/start-hive.ts'

const { values } = parseArgs({
  options: { attacks: { type: 'string', default: '50' }, json: { type: 'boolean', default: false } },
})
const attacks = Number(values.attacks)
const patienceMs = 30_000

interface Message {
  readonly at: number
  readonly body: unknown
}

const folder = await mkdtemp(join(tmpdir(), 'colony-bees-latency-'))
await chmod(folder, 0o711)
const secrets = Array.from({ length: attacks }, () => randomUUID())
const hive = await startHive(folder, {
  BEES_DIR: 'bees',
  SECURITY_EVENTS_SECRETS: secrets.map((secret, n) => `tenant-${n}:${secret}`).join(','),
})
try {
  const { BEES_URL = '', BEES_MAILBOX_URL = '' } = hive.env
  const post = (events: readonly OwnEvent[], secret: string) =>
    fetch(`${BEES_URL}/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      body: JSON.stringify(events),
      signal: AbortSignal.timeout(patienceMs),
    })
  const told = async (victim: string): Promise<number | undefined> => {
    const answer = await fetch(`${BEES_MAILBOX_URL}/messages`, { signal: AbortSignal.timeout(patienceMs) })
    const messages = (await answer.json()) as readonly Message[]
    return messages.find(({ body }) => JSON.stringify(body).includes(victim))?.at
  }
  const took: number[] = []
  for (let n = 0; n < attacks; n += 1) {
    const people = Array.from({ length: 25 }, () => ({ user: randomUUID(), session: randomUUID(), email: '' }))
    const { events, victim } = stuffing(people, n, Date.now())
    const postedAt = Date.now()
    const answer = await post(events, secrets[n] ?? '')
    if (!answer.ok) throw new Error(`POST /events: received HTTP ${answer.status}`)
    let arrivedAt: number | undefined
    while (arrivedAt === undefined) {
      if (Date.now() - postedAt > patienceMs) throw new Error(`attack ${n}: no alert after ${patienceMs / 1000} s`)
      arrivedAt = await told(victim.user)
      if (arrivedAt === undefined) await sleep(20)
    }
    took.push(arrivedAt - postedAt)
  }
  const sorted = took.toSorted((a, b) => a - b)
  const quantile = (q: number) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN
  const report = { attacks, p50Ms: quantile(0.5), p90Ms: quantile(0.9), p99Ms: quantile(0.99), maxMs: sorted.at(-1) }
  console.log(values.json ? JSON.stringify(report) : report)
} finally {
  await hive.stop()
  await rm(folder, { recursive: true, force: true })
}
