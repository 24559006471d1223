import type { Kind } from '../../../bees/finance/facts.ts'
import { canonicalJson } from '../../../src/canonical.ts'
import type { World } from '../../../src/local/stripe/types.ts'
import { type Content, contentOf, contentOfRow } from './contents.ts'
import type { Row, Written } from './recorder.ts'

const kinds: Readonly<Record<string, Kind>> = {
  customers: 'customer',
  checkout_sessions: 'checkout_session',
  subscriptions: 'subscription',
  invoices: 'invoice',
  invoice_payments: 'invoice_payment',
  payment_intents: 'payment_intent',
  charges: 'charge',
  refunds: 'refund',
  disputes: 'dispute',
  credit_notes: 'credit_note',
}

/**
 * Whether what was written of each object, version after version, can be read as a walk forwards through the states that
 * the object really had: nobody who looked in between has seen a state that was followed by an older one, or one that
 * never was. A subscription and its items are looked at together, as each commit left them.
 *
 * @returns what is wrong; empty when nothing is
 */
export function checkOrder(written: readonly Written[], world: Pick<World, 'versions'>): readonly string[] {
  // Each object apart: commits of different ones may be woven into each other, those of one are not.
  const byObject = Map.groupBy(written, ({ table, row }) =>
    table === 'subscription_items' ? `subscriptions ${row['subscription']}` : `${table} ${row['id']}`,
  )
  return [...byObject].flatMap(([name, own]) => {
    const [table = '', id = ''] = name.split(' ')
    const kind = kinds[table]
    if (kind === undefined) return []
    const steps = (kind === 'subscription' ? subscriptionSteps(own) : lastOfEach(own)).filter(
      (row) => !isPlaceholder(kind, row),
    )
    const problem = steps.length === 0 ? undefined : walkProblem(steps, contentsOf(world, kind, id))
    return problem === undefined ? [] : [`${kind} ${id}: ${problem}`]
  })
}

const contentsOf = (world: Pick<World, 'versions'>, kind: Kind, id: string): readonly Content[] =>
  world.versions(kind, id).map(({ object }) => contentOf(kind, object))

function walkProblem(steps: readonly Row[], versions: readonly Content[]): string | undefined {
  const [shape] = versions
  if (shape === undefined) return 'there is no such object'
  const texts = versions.map((content) => canonicalJson(content))
  let at = 0
  for (const row of steps) {
    const widest = versions.find((content) => sameDeletion(content, row)) ?? shape
    const text = canonicalJson(contentOfRow(row, widest))
    const next = texts.indexOf(text, at)
    if (next === -1) {
      const earlier = texts.indexOf(text)
      return earlier === -1
        ? `it never was ${text}`
        : `a step backwards, from state ${at} to state ${earlier} of ${texts.length} (${text})`
    }
    at = next
  }
  return undefined
}

/** Of a deleted invoice nothing but that is known. */
const sameDeletion = (content: Content, row: Row): boolean =>
  (content['status'] === 'deleted') === (row['status'] === 'deleted')

/** What each transaction left; only its last version could be seen by others. */
const lastOfEach = (own: readonly Written[]): readonly Row[] =>
  own.filter(({ tx, op }, n) => op !== 'DELETE' && own[n + 1]?.tx !== tx).map(({ row }) => row)

/** The same for a subscription with its items. */
function subscriptionSteps(own: readonly Written[]): readonly Row[] {
  const steps: Row[] = []
  const items = new Map<string, Row>()
  let subscription: Row | undefined
  for (const [n, { tx, table, op, row }] of own.entries()) {
    if (table === 'subscriptions') subscription = row
    else if (op === 'DELETE') items.delete(String(row['id']))
    else items.set(String(row['id']), row)
    if (subscription === undefined || own[n + 1]?.tx === tx) continue
    const sorted = [...items.values()].toSorted((a, b) => (String(a['id']) < String(b['id']) ? -1 : 1))
    steps.push({ ...subscription, items: sorted.map(itemOf) })
  }
  return steps
}

/** A customer of whom something else spoke first: nothing is said about it yet. */
const isPlaceholder = (kind: Kind, row: Row): boolean =>
  kind === 'customer' && row['made_at'] === null && row['deleted_at'] === null

const itemOf = (row: Row): Content => contentOfRow(row, { id: null, price: null, quantity: null, period_end: null })
