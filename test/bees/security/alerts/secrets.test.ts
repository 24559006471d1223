import { describe, expect, it } from 'vitest'
import { deliverDue } from '../../../../bees/security/alerts/deliver-due.ts'
import { createAlertServices } from '../../../../bees/security/alerts/services.ts'
import { createLedger } from '../../../../src/ledger/index.ts'
import { adminQuery, createDatabase, startTestGateway } from '../../../support/index.ts'
import { incidentId, minuteMs, openDesk, startMs, whsec } from './desk.ts'
import { startReceiver, status } from './receiver-server.ts'

const canary = 'CANARY7f3b'
const secret = `whsec_${Buffer.from(canary.repeat(3)).toString('base64')}`

/** Everything that a schema holds, as text. */
async function everything(url: string): Promise<string> {
  const tables = await adminQuery(
    url,
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname in ('security', 'bees')`,
  )
  const texts = []
  for (const { name } of tables) {
    const [row] = await adminQuery(
      url,
      `select coalesce(string_agg(t::text, e'\\n'), '') as text from ${String(name)} as t`,
    )
    texts.push(`${String(name)}: ${String(row?.['text'])}`)
  }
  return texts.join('\n')
}

describe('what nobody may see', () => {
  it('is in no row, log, count or error: keys, addresses with tokens, texts of the other side', async () => {
    await using server = await startReceiver()
    await using database = await createDatabase()
    await using gateway = await startTestGateway(database.url)
    const url = `${server.url}/${canary}?token=${canary}`
    let atMs = startMs
    const alerts = createAlertServices(
      {
        SECURITY_ALLOW_PRIVATE_RECEIVERS: 'true',
        SECURITY_RECEIVERS: JSON.stringify(
          [
            { kind: 'webhook', name: 'w', url, secrets: [secret] },
            { kind: 'slack', name: 'hook', url },
            { kind: 'slack', name: 'bot', token: `xoxb-${canary}-12345`, channel: 'C12345678', api_url: url },
            { kind: 'pagerduty', name: 'p', routing_key: `${canary}${'0'.repeat(22)}`, api_url: url },
            {
              ...{ kind: 'email', name: 'e', host: '127.0.0.1', port: server.port, tls: 'none', timeout_ms: 500 },
              ...{ from: `${canary}@example.org`, to: [`${canary}@example.org`] },
            },
          ].map((one) => ({ ...one, route: { group_wait_s: 0 } })),
        ),
      },
      { atMs: () => atMs },
    )
    const told: unknown[] = []
    const tell = (...facts: readonly unknown[]) => void told.push(facts)
    const ledger = createLedger({ url: gateway.url, key: gateway.keys.bee })
    const signal = AbortSignal.timeout(25_000)
    let step = 0
    const run = () =>
      deliverDue({
        ...{ alerts, signal, shuttingDown: new AbortController().signal, count: tell },
        log: { debug: tell, info: tell, warn: tell, error: tell },
        transact: (payload = null) => {
          told.push(payload)
          step += 1
          return ledger.transact(
            {
              ...{ colony: 't', process: 'b'.repeat(64), executor: 'a'.repeat(64), bee: 'security', step, payload },
              ...{ task: 'deliver_alerts', key: null, nonce: null, input_digest: '0'.repeat(64) },
              ...{ schema_hash: '0'.repeat(64), fence: { retries: 0, starttime: '2026-11-24T12:00:00.000Z' } },
            },
            {
              ...{ deadlineMs: performance.now() + 20_000, signal },
              retry: { tries: 1, baseMs: 1, factor: 1, capMs: 1 },
            },
          )
        },
      })
    await run()
    await adminQuery(
      database.url,
      'select security.note_incidents($1, $2, to_timestamp($3::double precision / 1000))',
      [
        'acme',
        JSON.stringify([
          {
            ...{
              incident: incidentId('a'),
              change: 'opened',
              severity: 'critical',
              confidence: 'high',
              title: 'A title',
            },
            ...{ entity: { kind: 'ip', id: '203.0.113.7' }, related: [], rules: ['r'], findings: ['f'], first_ms: 1 },
            ...{ last_ms: 2, events: 3, explanation: '', response: null, risk: 1, quiet: false, wants: [] },
          },
        ]),
        atMs,
      ],
    )
    for (const answer of [
      status(500, canary, { 'x-canary': canary }),
      status(302, canary, { location: `https://${canary}.example/` }),
      status(200, JSON.stringify({ ok: false, error: canary, status: canary, dedup_key: canary })),
      status(403, canary),
    ]) {
      server.answer = answer
      await run()
      atMs += 10 * minuteMs
    }
    const rows = await everything(database.url)
    expect(rows).toContain('msg_')
    expect(rows).toContain('refused')
    expect(rows).not.toContain(canary)
    expect(rows).not.toContain(secret.slice(6, 26))
    const said = JSON.stringify(told)
    expect(said).toContain('problem')
    expect(said).not.toContain(canary)
    expect(said).not.toContain(secret.slice(6, 26))
    expect(
      server.received.some(({ path }) => path.includes(canary)),
      'the canary was really used',
    ).toBe(true)
  })

  it('is shown to no role that a browser or an API may have', async () => {
    await using desk = await openDesk({
      receivers: [{ kind: 'webhook', name: 'w', url: 'https://x.example/', secrets: [whsec()] }],
    })
    const tables = await desk.rows(`
      select c.relname, r.rolname
      from pg_class as c
      join pg_namespace as n on n.oid = c.relnamespace and n.nspname = 'security'
      cross join (select rolname from pg_roles where rolname in ('anon', 'authenticated', 'service_role', 'bee')) as r
      where c.relkind in ('r', 'p', 'v', 'S')
        and (
          has_table_privilege(r.rolname, c.oid, 'select') or has_table_privilege(r.rolname, c.oid, 'insert')
          or has_table_privilege(r.rolname, c.oid, 'update') or has_table_privilege(r.rolname, c.oid, 'delete')
        )`)
    expect(tables).toEqual([])
    const functions = await desk.rows(`
      select p.oid::regprocedure::text as name, r.rolname
      from pg_proc as p
      cross join (select rolname from pg_roles where rolname in ('anon', 'authenticated', 'service_role', 'bee')) as r
      where (p.pronamespace = 'security'::regnamespace or p.proname ~ '^security__.*alert|^security__ack')
        and has_function_privilege(r.rolname, p.oid, 'execute')`)
    expect(functions).toEqual([])
    const [count] = await desk.rows(`select count(*)::integer as n from pg_proc where proname ~ '^security__.*alert'`)
    expect(count?.['n']).toBeGreaterThanOrEqual(6)
  })
})
