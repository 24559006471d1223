import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  chargeOf,
  checkoutOf,
  deletedCustomerOf,
  eventOf,
  invoiceOf,
  canary as person,
} from '../bees/finance/stripe-events.ts'
import { type Crew, crewDir, startCrew } from '../support/crew.ts'
import { projectDir, runBees } from '../support/hive.ts'
import { startTestGateway, type TestGateway, until } from '../support/index.ts'
import { type Delivery, stripeClient } from '../support/stripe-client.ts'

/** In a field that is marked as sensitive; may stand in the input at the broker and nowhere else. */
const sensitive = 'canary-5b1e-sensitive-field'
/** In a text that is not even a task. */
const garbage = 'canary-9d20-in-garbage'
const webhookSecrets = ['whsec_canary_c41b_first', 'whsec_canary_c41b_second'] as const

let crew: Crew
let beesDir: string
/** Everything that came out over HTTP or from a command. */
const heard: string[] = []

beforeAll(async () => {
  beesDir = await mkdtemp(join(tmpdir(), 'colony-bees-all-'))
  await symlink(join(projectDir, 'bees', 'finance'), join(beesDir, 'finance'))
  await symlink(join(crewDir, 'worker'), join(beesDir, 'worker'))
  crew = await startCrew({
    BEES_DIR: beesDir,
    BEES_LOG_LEVEL: 'trace',
    STRIPE_WEBHOOK_SECRET: webhookSecrets.join(','),
    BEES_RECEIPT_KEY: 'c0ffee01'.repeat(8),
    BEES_SUBMITTER_KEY: 'c0ffee02'.repeat(8),
  })
})
afterAll(async () => {
  await crew?.close()
  await rm(beesDir, { recursive: true, force: true })
})

const hear = (delivery: Delivery) => {
  heard.push(JSON.stringify(delivery.body))
  return delivery
}

/** Switches a fault on; an empty list switches all of them off. */
async function fault(target: 'broker' | 'gateway', body: object): Promise<void> {
  const { COLONIES_SERVER_PORT, SUPABASE_URL, SUPABASE_SECRET_KEY = '' } = crew.env
  const url = target === 'broker' ? `http://127.0.0.1:${COLONIES_SERVER_PORT}` : SUPABASE_URL
  const headers = { apikey: SUPABASE_SECRET_KEY, 'content-type': 'application/json' }
  const method = Array.isArray(body) ? 'DELETE' : 'POST'
  const reply = await fetch(`${url}/__faults`, { method, headers, body: JSON.stringify(body) })
  expect(reply.status).toBe(200)
}

/** Makes every part say as much as it can about what it should keep quiet about. */
async function provoke(): Promise<void> {
  const { url } = crew.queen
  const stripe = stripeClient(url, webhookSecrets[1], 4)
  const stranger = stripeClient(url, 'whsec_of_a_stranger', 1)
  const customer = 'cus_canary'
  const good = [
    eventOf('checkout.session.completed', checkoutOf({ customer, subscription: 'sub_canary', user: 'canary-user' })),
    eventOf('invoice.paid', invoiceOf({ id: 'in_canary', customer }, 'old'), { shape: 'old' }),
    eventOf('charge.refunded', chargeOf({ id: 'ch_canary', customer, amount: 500, amount_refunded: 500 })),
    eventOf('customer.deleted', deletedCustomerOf(customer)),
  ]
  for (const event of good) expect(hear(await stripe.post(event)).status).toBe(200)
  // Nothing that can be applied: without the broker it becomes a dead letter, with it a failed process.
  const poison = () =>
    eventOf('invoice.paid', { object: 'invoice', id: 17, customer_email: person, customer_name: person })
  hear(await stripe.post(poison()))
  // The broker takes nothing for a while: the webhook goes its direct way, and stumbles on it once.
  await fault('broker', { kind: 'empty_500', msgtype: 'submitfuncspecmsg', times: 1_000 })
  await fault('gateway', { kind: 'html_502', function: 'bee_execute', times: 1 })
  const direct = ['in_direct', 'in_trouble'].map((id) => eventOf('invoice.paid', invoiceOf({ id, customer })))
  for (const answer of await Promise.all([poison(), ...direct].map((event) => stripe.post(event)))) hear(answer)
  await fault('broker', [])
  hear(await stranger.post(eventOf('invoice.paid', invoiceOf({ id: 'in_forged', customer }))))
  hear(await stripe.post({ id: '', type: garbage, email: person } as never))
  hear(await stripe.post(`${garbage} ${person}` as never))
  for (const body of [garbage, `{"email":"${person}"`]) {
    const headers = { 'stripe-signature': `t=1,v1=${garbage}`, authorization: `Bearer ${garbage}` }
    const reply = await fetch(`${url}/webhooks/stripe?email=${person}`, { method: 'POST', body, headers })
    heard.push(await reply.text())
  }
  stripe.close()
  stranger.close()

  const tasks = [
    crew.submit('worker', 'write', { n: 'with a secret', secret: sensitive }),
    crew.submit('worker', 'write', { n: 5, secret: sensitive }),
    crew.submit('worker', 'write', { n: 'wrong', secret: { deep: [sensitive] } }),
    crew.submit('worker', 'write', { n: 'more', secret: sensitive, [sensitive]: 1, __proto__: { n: sensitive } }),
  ]
  const failed: string[] = []
  for (const process of tasks) {
    const done = await crew.waitFor(await process)
    heard.push(JSON.stringify({ out: done.process.out, errors: done.process.errors }))
    if (done.state === 'failed') failed.push(done.processId)
  }
  const options = { dataDir: crew.queen.dataDir, env: { BEES_DIR: beesDir } }
  for (const args of [
    ['submit', 'worker/write', `{"n":"cli","secret":"${sensitive}"}`],
    ['submit', 'worker/write', `{"n":6,"secret":"${sensitive}"}`],
    ['submit', 'worker/write', `${garbage} is not JSON`],
    ['doctor'],
    ['keys'],
    ['list', '--json'],
    ['dead', 'list'],
    ...failed.flatMap((id) => [
      ['dead', 'show', id],
      ['dead', 'redrive', id, '--json'],
    ]),
  ]) {
    const { out, err } = await runBees(args, options)
    heard.push(out, err)
  }
  for (const path of ['/', '/metrics', '/status.json', '/livez', '/readyz', '/.well-known/jwks.json', `/${garbage}`]) {
    const reply = await fetch(url + path)
    heard.push(JSON.stringify([...reply.headers]), path.includes(garbage) ? '' : await reply.text())
  }
  await until(async () => (await crew.rows('select 1 from colonies.processes where state < 2')).length === 0, {
    timeoutMs: 20_000,
    what: 'the end of all processes',
  })
}

/** Every row of every table, as text, by the table's name. */
async function everyRow(): Promise<Map<string, string>> {
  const tables = await crew.rows(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
     where schemaname not in ('pg_catalog', 'information_schema')`,
  )
  const texts = new Map<string, string>()
  for (const { name } of tables) {
    const [row] = await crew.rows(`select coalesce(string_agg(t::text, e'\\n'), '') as text from ${name} as t`)
    texts.set(String(name), String(row?.text))
  }
  return texts
}

/** JWS hide what they carry behind base64. */
const opened = (text: string) =>
  text.replace(/eyJ[\w-]+\.(eyJ[\w-]+)\.[\w-]+/g, (_, payload: string) => Buffer.from(payload, 'base64url').toString())

/** The names of those that are there; never their text, which would end up in a log of a test. */
const found = (needles: Readonly<Record<string, string>>, text: string) =>
  Object.entries(needles).flatMap(([name, needle]) => (opened(text).includes(needle) ? [name] : []))

/** Proof that a text is the one that it should be, before something is looked for in it in vain. */
const missing = (parts: readonly string[], text: string) => parts.filter((part) => !text.includes(part))

describe('what nobody should see', () => {
  let secrets: Record<string, string>

  beforeAll(async () => {
    await provoke()
    const { dataDir } = crew.queen
    const keys = JSON.parse(await readFile(join(dataDir, 'keys.json'), 'utf8')) as Record<string, string>
    const told = Object.entries(crew.env).filter(([name]) => /KEY|SECRET$|PRVKEY/.test(name))
    secrets = {
      ...keys,
      ...Object.fromEntries(told),
      first: webhookSecrets[0],
      second: webhookSecrets[1],
      password: new URL(crew.env.DATABASE_URL ?? '').password,
    }
    // The list is what the test stands on.
    expect(Object.keys(secrets).length).toBeGreaterThan(14)
    for (const value of Object.values(secrets)) expect(value.length).toBeGreaterThan(15)
  }, 60_000)

  it('is not in the log, at its most talkative', async () => {
    const log = crew.queen.logs()
    expect(missing(['"msg":"task done"', '[sensitive]', 'applying the event directly'], log)).toEqual([])
    expect(found({ person, sensitive, garbage, ...secrets }, log)).toEqual([])
    const postgresLog = await readFile(join(crew.queen.dataDir, 'postgres.log'), 'utf8')
    expect(found({ person, sensitive, garbage, ...secrets }, postgresLog)).toEqual([])
  })

  it('is not in any answer over HTTP, nor in what the commands say', () => {
    const text = heard.join('\n')
    expect(
      missing(['bees_webhook_seconds_count', '"status":"queued"', 'BEE_USAGE', 'BEE_INPUT_INVALID'], text),
    ).toEqual([])
    expect(found({ person, sensitive, garbage, ...secrets }, text)).toEqual([])
  })

  it('is not in any table, but for a sensitive field in the input of its process', async () => {
    const rows = await everyRow()
    expect([...rows.keys()]).toEqual(expect.arrayContaining(['bees.ledger', 'finance.events', 'colonies.processes']))
    expect(rows.get('bees.dead_letters')).not.toBe('')
    const places = [...rows].flatMap(([table, text]) =>
      found({ person, garbage, ...secrets, sensitive }, text).map((name) => `${table}: ${name}`),
    )
    expect(places).toEqual(['colonies.processes: sensitive'])
    const elsewhere = await crew.rows(
      `select processid from colonies.processes as p
       where (to_jsonb(p) - 'kwargs')::text like '%' || $1 || '%'`,
      [sensitive],
    )
    expect(elsewhere).toEqual([])
  })
})

describe('what anon and authenticated can do', () => {
  let gateway: TestGateway
  beforeAll(async () => {
    gateway = await startTestGateway(crew.env.DATABASE_URL ?? '')
  })
  afterAll(() => gateway?.close())

  const redriveOps = ['dead_letters', 'dead_letter_read', 'record_redrive', 'redrives']
  const ops = ['execute', 'store_receipts', 'revoke', 'publish_key', 'keys', 'read', 'dead_letter', ...redriveOps]
  const call = (key: string, path: string, body?: object) =>
    fetch(gateway.url + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { apikey: key, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })

  it.each(['anon', 'authenticated'] as const)('%s: not one operation of bee_execute', async (role) => {
    for (const op of ops) {
      const reply = await call(gateway.keys[role], '/rest/v1/rpc/bee_execute', { call: { v: 1, op } })
      expect([op, reply.status]).toEqual([op, role === 'anon' ? 401 : 403])
      expect(await reply.json()).toMatchObject({ code: '42501' })
    }
    // The same call is well understood where it is allowed.
    const allowed = await call(gateway.keys.bee, '/rest/v1/rpc/bee_execute', { call: { v: 1, op: 'keys' } })
    expect(allowed.status).toBe(200)
  })

  it.each(['anon', 'authenticated'] as const)('%s: no table, no private function', async (role) => {
    const key = gateway.keys[role]
    for (const name of ['ledger', 'receipts', 'events', 'user_profiles', 'processes']) {
      const reply = await call(key, `/rest/v1/${name}?select=*`)
      expect([name, reply.status]).toEqual([name, 404])
    }
    for (const name of ['op_execute', 'op_read', 'finance__apply_stripe_event', 'worker__write', 'bees.op_read']) {
      const reply = await call(key, `/rest/v1/rpc/${name}`, { call: {}, input: {} })
      expect([name, reply.status]).toEqual([name, 404])
    }
  })

  it('not in the database either: no privilege on any table, sequence or function of ours', async () => {
    const tables = await crew.rows(
      `select r.role, c.oid::regclass::text as name
       from pg_class c, (values ('anon'), ('authenticated')) as r (role)
       where c.relkind in ('r', 'p', 'v', 'm') and c.relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
         and has_table_privilege(r.role, c.oid, 'select, insert, update, delete, truncate')`,
    )
    expect(tables).toEqual([])
    const functions = await crew.rows(
      `select r.role, p.oid::regprocedure::text as name
       from pg_proc p, (values ('anon'), ('authenticated')) as r (role)
       where p.pronamespace::regnamespace::text !~ '^(pg_|information_schema)'
         and has_schema_privilege(r.role, p.pronamespace, 'usage')
         -- Supabase's own; event triggers, which nobody can call.
         and p.pronamespace::regnamespace::text not in ('auth', 'extensions')
         and has_function_privilege(r.role, p.oid, 'execute')`,
    )
    expect(functions).toEqual([])
  })

  it('with the publishable key of a running hive: the same, and no switch for faults', async () => {
    const { publishable } = JSON.parse(await readFile(join(crew.queen.dataDir, 'keys.json'), 'utf8')) as {
      publishable: string
    }
    const headers = { apikey: publishable, 'content-type': 'application/json' }
    const { SUPABASE_URL } = crew.env
    const body = JSON.stringify({ call: { v: 1, op: 'keys' } })
    expect((await fetch(`${SUPABASE_URL}/rest/v1/rpc/bee_execute`, { method: 'POST', headers, body })).status).toBe(401)
    const paths = ['/__faults', '/storage/v1/object/list/anything']
    for (const path of paths) {
      const reply = await fetch(SUPABASE_URL + path, { method: 'POST', headers, body: '{}' })
      expect([path, reply.status >= 400]).toEqual([path, true])
    }
    const none = { alg: 'none', typ: 'JWT' }
    const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
    const forged = `${encode(none)}.${encode({ role: 'service_role' })}.`
    const withForged = { ...headers, authorization: `Bearer ${forged}` }
    const reply = await fetch(`${SUPABASE_URL}/rest/v1/rpc/bee_execute`, { method: 'POST', headers: withForged, body })
    expect(reply.status).toBe(401)
  })
})
