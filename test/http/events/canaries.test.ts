import { expect, test } from 'vitest'
import { adminQuery } from '../../support/index.ts'
import { login, openDoor } from './door.ts'

test('no canary reaches tables, logs, metrics, answers or notices', async () => {
  await using other = await openDoor()
  const canaries = [
    'canary.person@users.example',
    '+44 7911 654321',
    '4242 4242 4242 4242',
    'eyJjYW5hcnlUb2tlbjEyMzQ1',
    'Canary McPerson',
  ]
  const [email, phone, card, token, name] = canaries
  const items = [
    login('k-1', {
      email,
      phone,
      card,
      device: `${token} ${email}`,
      user_agent: `curl/8 ${email}`,
      url: `https://x.example/u/${email}?t=${token}`,
    }),
    login('k-2', {
      identifier: phone,
      object_id: card,
      resource: email,
      data: { name, note: `${name} ${token}`, list: [email, phone] },
    }),
    login('k-3', { email: 'not-even\u0000', surprise: email }),
    login(`k-4 ${email}`, { error_code: email, status: name }),
    {
      id: 'k-5',
      timestamp: Date.now() * 1000,
      event_message: `400: ${email} ${name}`,
      metadata: [
        {
          request: [
            {
              path: `/rest/v1/u/${email}`,
              search: `?email=eq.${email}`,
              headers: [{ referer: email, user_agent: name }],
            },
          ],
          response: [{ status_code: 400 }],
        },
      ],
    },
    {
      id: 'k-6',
      timestamp: Date.now() * 1000,
      event_message: JSON.stringify({
        auth_event: {
          action: 'login',
          actor_id: 'u',
          actor_username: email,
          traits: { user_email: email, user_phone: phone },
        },
        remote_addr: '203.0.113.3',
      }),
      metadata: [],
    },
    {
      id: 'k-7',
      timestamp: Date.now() * 1000,
      event_message: `permission denied for table ${email}`,
      metadata: [{ parsed: [{ sql_state_code: '42501', user_name: email, query: `select '${card}'`, detail: name }] }],
    },
  ]
  const answers = [await other.post(items)]
  answers.push(await other.post(`{"broken": "${email}"`), await other.post([{ [String(email)]: 1 }]))
  answers.push(await other.post(items, { headers: { authorization: `Bearer ${token}` } }))
  other.gateway.faults.add({ kind: 'html_502', times: 1, commits: false })
  answers.push(await other.post([login('k-8', { email, data: { name } })]))
  expect(answers[0]?.body).toMatchObject({ accepted: 5 })
  const tables = await adminQuery(
    other.database.url,
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname in ('security', 'bees', 'bee_tasks')`,
  )
  const dumps = await Promise.all(
    tables.map(({ name: table }) =>
      adminQuery(other.database.url, `select to_jsonb(t)::text as row from ${String(table)} as t`),
    ),
  )
  const everywhere = JSON.stringify([dumps, other.lines, await other.metrics.render(), answers, other.notices])
  expect(everywhere).toContain('k-1')
  const parts = [...canaries, 'canary.person', '654321', 'McPerson', '4242424242424242']
  expect(parts.filter((part) => everywhere.includes(part))).toEqual([])
})
