import type { Mutant } from './mutant.ts'

const guard = 'supabase/migrations/20261123010002_finance_guard.sql'
const writes = 'supabase/migrations/20261123010010_finance_writes.sql'
const subscriptions = 'supabase/migrations/20261123010004_finance_subscriptions.sql'
const payments = 'supabase/migrations/20261123010005_finance_payments.sql'
const takeTest = 'test/bees/finance/take.test.ts'
const guardTest = 'test/bees/finance/guard.test.ts'

/** Mistakes in the order of Stripe's events and in what money remains. */
export const orderMutants: readonly Mutant[] = [
  {
    name: 'same second: the later arrival wins',
    why: 'of two changes in one second an old one can stay for ever',
    edits: [
      {
        file: guard,
        find: "when created_at > guard.hi then 'apply'",
        replace: "when created_at >= guard.hi then 'apply'",
      },
    ],
    killer: { file: takeTest, test: 'same second two events the other way round', because: /expected|toEqual|toBe/ },
  },
  {
    name: 'same second: the later arrival loses',
    why: 'of two changes in one second the newer one is dropped',
    edits: [
      {
        file: guard,
        find: "when not must_read and created_at < guard.lo then 'stale'",
        replace: "when not must_read and created_at <= guard.lo then 'stale'",
      },
    ],
    killer: { file: takeTest, test: 'same second two events in their order', because: /expected|toEqual|toBe/ },
  },
  {
    name: 'tickets are not compared',
    why: 'of two reads under way at once the older one is written last',
    edits: [
      {
        file: guard,
        find: "when ticket > guard.barrier then 'accept'",
        replace: "when ticket is not null then 'accept'",
      },
    ],
    killer: { file: guardTest, test: 'refetch inversion', because: /expected|toEqual|toBe/ },
  },
  {
    name: 'a read contains whatever has a ticket',
    why: 'an event that came after the read is taken for settled, and what it says is lost',
    edits: [
      {
        file: guard,
        find: "when ticket <= guard.read_ticket then 'stale'",
        replace: "when ticket <= guard.seq then 'stale'",
      },
    ],
    killer: {
      file: guardTest,
      test: 'the later one is accepted only after another ticket',
      because: /expected|toEqual|toBe/,
    },
  },
  {
    name: 'the same content raises no barrier',
    why: 'a read from before the last change is written over it',
    edits: [
      {
        file: writes,
        find: 'guard.barrier := guard.seq;',
        replace: "if piece.decision <> 'same' then guard.barrier := guard.seq; end if;",
      },
    ],
    killer: { file: guardTest, test: 'the same content changes no row', because: /expected|toEqual|toBe/ },
  },
  {
    name: 'items stay',
    why: 'whoever gave up an add-on keeps it',
    edits: [
      {
        file: subscriptions,
        find: "and i.id not in (select item ->> 'id'",
        replace: "and false and i.id not in (select item ->> 'id'",
      },
    ],
    killer: {
      file: 'test/bees/finance/entitlement.test.ts',
      test: 'items that are gone disappear',
      because: /expected|toEqual|toBe/,
    },
  },
  {
    name: 'failed refunds count',
    why: 'the books say that money went back which came back',
    edits: [
      {
        file: payments,
        find: " filter (where r.status is null or r.status not in ('failed', 'canceled'))",
        replace: '',
      },
    ],
    killer: {
      file: 'test/bees/finance/payments.test.ts',
      test: 'in the new shape three partial refunds of which one fails later',
      because: /expected|toEqual|toBe/,
    },
  },
]
