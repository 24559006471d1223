import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Mailbox, type MailboxMessage, startMailbox } from '../../../src/local/mailbox/start-mailbox.ts'

let mailbox: Mailbox
beforeAll(async () => {
  mailbox = await startMailbox()
})
afterAll(() => mailbox.close())

const post = (path: string, body: string) =>
  fetch(mailbox.url + path, {
    ...{ method: 'POST', body },
    headers: { 'webhook-id': 'msg_1', authorization: 'Bearer canary' },
    signal: AbortSignal.timeout(5000),
  })
const messages = async () =>
  (await (await fetch(`${mailbox.url}/messages`, { signal: AbortSignal.timeout(5000) })).json()) as MailboxMessage[]

test('keeps what comes, and of the headers only what a webhook is about', async () => {
  const answer = await post('/slack', '{"text":"hello"}')
  expect([answer.status, await answer.text()]).toEqual([200, 'ok'])
  const [message] = await messages()
  expect(message).toMatchObject({ path: '/slack', body: { text: 'hello' }, headers: { 'webhook-id': 'msg_1' } })
  expect(JSON.stringify(message)).not.toContain('canary')
})

test('what is too large or no JSON does not break it', async () => {
  const answer = await post('/slack', 'x'.repeat(300_000)).catch(() => undefined)
  expect(answer?.status ?? 413).toBe(413)
  await post('/slack', 'no json')
  expect((await messages()).at(-1)).toMatchObject({ body: null })
})

test('the oldest go first', async () => {
  for (let n = 0; n < 210; n += 1) await post('/many', String(n))
  const kept = await messages()
  expect([kept.length, kept[0]?.body, kept.at(-1)?.body]).toEqual([200, 10, 209])
})
