import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { SecurityEvent } from '../../../../../bees/security/events/event.ts'
import { adminQuery, createDatabase, seededRandom, startTestGateway, until } from '../../../../support/index.ts'
import { beginOf, queue, remains, signIns } from '../scene.ts'
import { type Boundary, boundaries, type Order } from './boundaries.ts'

const eventCount = 2400
const script = new URL('./executor.ts', import.meta.url)
const random = seededRandom()
let events: readonly SecurityEvent[]
let undisturbed: Awaited<ReturnType<typeof remains>>
/** Loaded ahead of time: they wait for their orders. */
const spare: Executor[] = []

interface Executor {
  readonly child: ChildProcess
  readonly ready: Promise<void>
}

function load(): Executor {
  const child = fork(script, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [] })
  return { child, ready: heard(child, 'ready') }
}

const heard = (child: ChildProcess, is: string): Promise<void> =>
  new Promise((resolve, reject) => {
    let errors = ''
    child.stderr?.on('data', (text: Buffer) => {
      errors += text.toString()
    })
    child.on('message', (message: { readonly is?: unknown }) => {
      if (message.is === is) resolve()
    })
    child.on('exit', (code, signal) => {
      if (signal !== 'SIGKILL') reject(new Error(`the executor ended (${code}) before it said ${is}: ${errors}`))
    })
  })

const executor = (): Executor => {
  spare.push(load())
  return spare.shift() ?? load()
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

/** A stage with the same events every time. */
async function stage() {
  const database = await createDatabase()
  const gateway = await startTestGateway(database.url)
  await queue(database, events)
  const orderOf = (more: Partial<Order>): Order => ({
    ...{ url: gateway.url, key: gateway.keys.bee, process: randomBytes(32).toString('hex'), retries: 0 },
    ...{ executor: randomBytes(32).toString('hex'), place: 'nowhere', time: 1, ...more },
  })
  const start = async (order: Order, is: 'at' | 'done') => {
    const { child, ready } = executor()
    await ready
    const told = heard(child, is)
    child.send(order)
    return { child, told }
  }
  const finish = async (order: Order): Promise<void> => {
    const { child, told } = await start(order, 'done')
    await told
    await kill(child)
  }
  const close = async () => {
    await gateway.close()
    await database.drop()
  }
  return { database, orderOf, start, finish, [Symbol.asyncDispose]: close }
}

beforeAll(async () => {
  events = signIns(random, 'acme', eventCount, beginOf(Date.now()))
  spare.push(load(), load())
  await using alone = await stage()
  await alone.finish(alone.orderOf({}))
  undisturbed = await remains(alone.database)
}, 60_000)

afterAll(async () => {
  for (const { child } of spare) child.kill('SIGKILL')
})

it('has something to lose', () => {
  expect(undisturbed.versions).toMatchObject([{ events: String(eventCount) }])
  expect(undisturbed.inbox).toEqual([])
  expect(undisturbed.findings.length).toBeGreaterThan(20)
  expect(undisturbed.incidents.length).toBeGreaterThan(2)
  expect(undisturbed.states.length).toBeGreaterThan(80)
  expect(undisturbed.alerts.length).toBeGreaterThan(2)
})

const nameOf = ({ place, time }: Boundary) => `${place} ${time}`

it.each(boundaries.map((boundary) => [nameOf(boundary), boundary] as const))(
  'killed %s: what is left is what one undisturbed run leaves',
  { timeout: 60_000 },
  async (_name, boundary) => {
    await using scene = await stage()
    const first = scene.orderOf(boundary)
    const { child, told } = await scene.start(first, 'at')
    await told
    await kill(child)
    // The same process comes back with a newer fence, as the broker hands it out again.
    await scene.finish({ ...first, place: 'nowhere', retries: 1, executor: randomBytes(32).toString('hex') })
    expect(await remains(scene.database)).toEqual(undisturbed)
  },
)

it.each([
  ['commits', false],
  ['is rolled back', true],
])('killed while a commit is in the database that then %s', { timeout: 60_000 }, async (_what, isRolledBack) => {
  await using scene = await stage()
  await adminQuery(scene.database.url, `insert into security.versions (tenant) values ('acme')`)
  const holder = new pg.Client({ connectionString: scene.database.url })
  await holder.connect()
  try {
    await holder.query('begin')
    await holder.query(`select from security.versions where tenant = 'acme' for update`)
    const { child } = await scene.start(scene.orderOf({}), 'done')
    const waiting = async () =>
      await adminQuery(
        scene.database.url,
        `select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      )
    await until(async () => (await waiting()).length > 0, { timeoutMs: 10_000, what: 'the commit in the database' })
    await kill(child)
    if (isRolledBack) {
      await adminQuery(
        scene.database.url,
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      )
    }
    await holder.query('rollback')
    await until(async () => (await waiting()).length === 0, { timeoutMs: 10_000, what: 'the end of the commit' })
  } finally {
    await holder.end()
  }
  await scene.finish(scene.orderOf({}))
  expect(await remains(scene.database)).toEqual(undisturbed)
})
