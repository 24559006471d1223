/** The attacker is a customer who can choose what stands in an object's metadata, or knows one signed delivery. */

import { expect, test } from 'vitest'
import finance from '../../bees/finance/bee.ts'
import { parseInput } from '../../src/bee/index.ts'
import { eventOf, harness } from '../http/webhook/harness.ts'

const task = finance.tasks.get('apply_stripe_event')
if (task === undefined) throw new Error('the finance bee has no apply_stripe_event')

const withObject = (object: string) =>
  JSON.stringify(eventOf()).replace(/"data":.*$/, `"data":{"object":{"id":"in_1","customer":"cus_1",${object}}}}`)

/** What the webhook lets in, the bee must take: an event that fails there is lost for the shop. */
test.each([
  ['names that reach into prototypes', `"metadata":{"constructor":"x","__proto__":"y","prototype":"z"}`],
  ['NUL and half characters', `"metadata":{"a\\u0000":"\\u0000","b\\ud800":"\\udfff"}`],
  ['as much nesting as is let in', `"a":${'['.repeat(58)}${']'.repeat(58)}`],
  ['a nested personal member with such a name', `"customer_details":{"constructor":{"name":"x"}}`],
])('cannot make an event unprocessable by %s', async (_name, object) => {
  const hive = harness()
  const reply = await hive.handle(hive.post(withObject(object)))
  expect([reply.status, await reply.json()]).toMatchObject([200, { status: 'queued' }])
  expect(() => parseInput(task, hive.submitted[0]?.input)).not.toThrow()
})

test('one level more is refused at the door, not at the bee', async () => {
  const hive = harness()
  const reply = await hive.handle(hive.post(withObject(`"a":${'['.repeat(60)}${']'.repeat(60)}`)))
  expect(reply.status).toBe(400)
  expect(hive.submitted).toEqual([])
})

test('the business key has one reading: no account, mode or id can imitate another', () => {
  const key = (event: object) => task.key?.(parseInput(task, { event: { ...base, ...event } }))
  const base = { id: 'evt_1', type: 'invoice.paid', created: 1, livemode: false, data: { object: {} } }
  expect(key({})).toBe('self:false:evt_1')
  for (const wrong of [{ account: 'self' }, { account: 'acct_1:true' }, { id: 'evt_1:evt_2' }, { account: '' }])
    expect(() => key(wrong)).toThrow(/BEE_INPUT_INVALID|input of/)
})
