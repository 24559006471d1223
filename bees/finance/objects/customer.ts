import { z } from '../../../src/bee/index.ts'
import type { Told } from '../facts.ts'
import { flag, id, read, reference, text, time } from '../fields.ts'

const customer = z.looseObject({
  id,
  created: time,
  deleted: flag,
  delinquent: flag,
  currency: text,
  test_clock: reference,
})

/**
 * A customer. Of a deleted one Stripe's API shows a stub, the event of the deletion the whole object: both say nothing
 * but that it is gone.
 */
export function customerTold(object: unknown, deleted = false): readonly Told[] {
  const from = read(customer, object, 'customer')
  const gone = from.deleted || deleted
  return [
    {
      kind: 'customer',
      customer: from.id,
      // Gone is gone, whatever the clock.
      must_read: !gone && from.test_clock !== null,
      fact: gone
        ? { id: from.id, made_at: null, deleted: true, delinquent: false, currency: null }
        : { id: from.id, made_at: from.created, deleted: false, delinquent: from.delinquent, currency: from.currency },
    },
  ]
}
