import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type FinanceDatabase, financeDatabase } from './finance-database.ts'
import { type Cast, cast, changeOf, date, linkOf, profileOf } from './stories.ts'
import { dayS, disputeOf, epochS, eventOf, invoiceOf, stripeId } from './stripe-events.ts'

let db: FinanceDatabase
beforeAll(async () => {
  db = await financeDatabase()
})
afterAll(() => db.close())

interface Policy {
  readonly past_due_grace_days?: number
  readonly dispute?: 'keep' | 'revoke_when_lost' | 'revoke_while_open'
  readonly plans?: readonly { readonly price: string; readonly plan: string; readonly rank: number }[]
}

const tenant = { account: 'self', livemode: false }

async function call(input: object): Promise<Record<string, unknown>> {
  const { output } = await db.one(`select bee_tasks.finance__set_entitlement_policy($1, '{}') as output`, [
    JSON.stringify({ ...tenant, ...input }),
  ])
  return output as Record<string, unknown>
}

/** As the task does it; returns the sizes of its steps. */
async function setPolicy(
  { past_due_grace_days = 7, dispute = 'keep', plans = [] }: Policy,
  limit = 500,
): Promise<number[]> {
  await call({ op: 'set', past_due_grace_days, dispute, plans })
  const steps: number[] = []
  let after: unknown = null
  do {
    const { next, users } = await call({ op: 'recompute', after, limit })
    steps.push(Number(users))
    after = next
  } while (after !== null)
  return steps
}

const entitled = async ({ user }: Cast) => (await profileOf(db, user))['entitled']

test('a new grace holds for everybody at once', async () => {
  const all = cast()
  await db.applyAll(linkOf(all), changeOf({ ...all, status: 'past_due' }))
  expect((await profileOf(db, all.user))['entitled_until']).toEqual(date(epochS + 7 * dayS))
  await setPolicy({ past_due_grace_days: 3 })
  expect((await profileOf(db, all.user))['entitled_until']).toEqual(date(epochS + 3 * dayS))
  await db.apply(changeOf({ ...all, status: 'past_due', cancel_at: epochS + 90 * dayS }, epochS + 1))
  expect((await profileOf(db, all.user))['entitled_until']).toEqual(date(epochS + 3 * dayS))
  await setPolicy({})
})

test('plans are set as a whole, and users are computed anew in steps', async () => {
  const casts = [cast(), cast(), cast()]
  for (const all of casts) await db.applyAll(linkOf(all), changeOf({ ...all, items: [{ price: 'price_gold' }] }))
  const users = Number((await db.one('select count(*) from finance.user_profiles'))['count'])
  const steps = await setPolicy({ plans: [{ price: 'price_gold', plan: 'gold', rank: 5 }] }, 2)
  expect(steps.reduce((all, step) => all + step, 0)).toBe(users)
  expect(steps.slice(0, -1).every((step) => step === 2)).toBe(true)
  for (const all of casts) expect((await profileOf(db, all.user))['plan']).toBe('gold')
  await setPolicy({})
  for (const all of casts) expect((await profileOf(db, all.user))['plan']).toBe('pro')
})

test('one account and mode is none of the others', async () => {
  await db.rows(`select bee_tasks.finance__set_entitlement_policy($1, '{}')`, [
    JSON.stringify({ ...tenant, livemode: true, op: 'set', past_due_grace_days: 1, dispute: 'keep', plans: [] }),
  ])
  const all = cast()
  await db.applyAll(linkOf(all), changeOf({ ...all, status: 'past_due' }))
  expect((await profileOf(db, all.user))['entitled_until']).toEqual(date(epochS + 7 * dayS))
})

test('an operation or a policy that does not exist is refused', async () => {
  await expect(call({ op: 'guess' })).rejects.toMatchObject({ code: '22023' })
  const wrong = { op: 'set', past_due_grace_days: 7, dispute: 'forgive', plans: [] }
  await expect(call(wrong)).rejects.toMatchObject({ code: '23514' })
})

describe('a dispute', () => {
  /** A subscription that is paid, and the dispute of that payment. */
  function story() {
    const all = cast()
    const [id, charge, intent] = [stripeId('dp'), stripeId('ch'), stripeId('pi')]
    const invoice = invoiceOf({
      id: stripeId('in'),
      customer: all.customer,
      subscription: all.id,
      payment_intent: intent,
    })
    const tells = (type: string, created: number, parts: { status?: string; moved?: readonly number[] }) =>
      eventOf(type, disputeOf({ id, charge, payment_intent: intent, amount: 1900, ...parts }), { created })
    return {
      all,
      begin: [linkOf(all), changeOf(all), eventOf('invoice.paid', invoice)],
      inquiry: tells('charge.dispute.created', epochS + 1, { status: 'warning_needs_response', moved: [] }),
      withdrawn: tells('charge.dispute.funds_withdrawn', epochS + 2, { moved: [-1900] }),
      won: tells('charge.dispute.closed', epochS + 3, { status: 'won', moved: [-1900, 1900] }),
      lost: tells('charge.dispute.closed', epochS + 4, { status: 'lost', moved: [-1900] }),
    }
  }

  test.each([
    ['keep', [true, true, true, true]],
    ['revoke_when_lost', [true, true, true, false]],
    ['revoke_while_open', [true, false, true, false]],
  ] as const)('with %s', async (dispute, expected) => {
    await setPolicy({ dispute })
    const { all, begin, inquiry, withdrawn, won, lost } = story()
    await db.applyAll(...begin)
    const seen: unknown[] = []
    for (const event of [inquiry, withdrawn, won, lost]) {
      await db.apply(event)
      seen.push(await entitled(all))
    }
    expect(seen).toEqual(expected)
    // Whoever changes the mind changes it for what is past, too.
    await setPolicy({ dispute: 'revoke_when_lost' })
    expect(await entitled(all)).toBe(false)
    await setPolicy({})
    expect(await entitled(all)).toBe(true)
  })

  test('that comes before what connects it to the subscription counts once that has come', async () => {
    await setPolicy({ dispute: 'revoke_when_lost' })
    const { all, begin, lost } = story()
    await db.applyAll(lost, ...begin)
    expect(await entitled(all)).toBe(false)
    const other = cast()
    await db.applyAll(linkOf(other), changeOf(other))
    expect(await entitled(other)).toBe(true)
    await setPolicy({})
  })
})
