import type { FinanceDatabase } from './finance-database.ts'

/** What the user may use, worked out here from the plain rows: the oracle for what the database keeps. */
export async function pureEntitlement(
  db: FinanceDatabase,
  user: string,
): Promise<{ entitled: boolean; plan: unknown; entitled_until: Date | null }> {
  const customers = (
    await db.rows('select * from finance.customers where user_id = $1 and deleted_at is null', [user])
  ).map(({ id }) => id)
  const subscriptions = await db.rows('select * from finance.subscriptions where customer = any($1)', [customers])
  const granted: { plan: unknown; rank: number; until: number; subscription: string }[] = []
  for (const sub of subscriptions) {
    if (!['trialing', 'active', 'past_due'].includes(String(sub['known_status']))) continue
    const unpaid = await db.rows(
      `select 1 from finance.checkout_sessions where subscription = $1 and payment_status not in ('paid', 'no_payment_required')`,
      [sub['id']],
    )
    const paid = await db.rows(`select 1 from finance.invoices where subscription = $1 and status = 'paid'`, [
      sub['id'],
    ])
    if (unpaid.length > 0 && paid.length === 0) continue
    for (const item of await db.rows('select * from finance.subscription_items where subscription = $1', [sub['id']])) {
      const [plan] = await db.rows('select * from finance.plans where price = $1', [item['price']])
      const grace =
        sub['known_status'] === 'past_due' ? timeOf(item['period_start']) + 7 * 86_400_000 : Number.POSITIVE_INFINITY
      granted.push({
        plan: plan?.['plan'] ?? item['lookup_key'] ?? item['price'],
        rank: Number(plan?.['rank'] ?? 0),
        until: Math.min(timeOf(item['period_end']), timeOf(sub['cancel_at']), grace),
        subscription: String(sub['id']),
      })
    }
  }
  const [best] = granted.sort(
    (a, b) => b.rank - a.rank || b.until - a.until || (a.subscription < b.subscription ? -1 : 1),
  )
  if (best === undefined) return { entitled: false, plan: null, entitled_until: null }
  const until = Math.max(...granted.filter(({ plan }) => plan === best.plan).map((one) => one.until))
  return { entitled: true, plan: best.plan, entitled_until: Number.isFinite(until) ? new Date(until) : null }
}

const timeOf = (value: unknown): number => (value instanceof Date ? value.getTime() : Number.POSITIVE_INFINITY)
