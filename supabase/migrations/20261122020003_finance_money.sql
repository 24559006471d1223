-- Money in and money back. What came in is keyed by the invoice (or by the checkout session where there is no
-- invoice), what went back by the charge: several events that tell of one payment meet in one row.

create table finance.payments (
  account text not null,
  livemode boolean not null,
  id text not null,
  source text not null,
  customer text,
  subscription text,
  payment_intent text,
  charge text,
  status text,
  amount_due bigint,
  amount_paid bigint,
  currency text,
  billing_reason text,
  attempt_count bigint,
  next_attempt_at timestamptz,
  paid_at timestamptz,
  last_event text not null,
  changed_at timestamptz not null,
  primary key (account, livemode, id)
);

create index payments_customer on finance.payments (account, livemode, customer);
create index payments_subscription on finance.payments (account, livemode, subscription);

-- amount_refunded is Stripe's running total for the charge, so a lost or late event cannot make it wrong for long.
create table finance.charges (
  account text not null,
  livemode boolean not null,
  id text not null,
  customer text,
  payment_intent text,
  invoice text,
  amount bigint,
  amount_refunded bigint not null default 0,
  currency text,
  last_event text not null,
  changed_at timestamptz not null,
  primary key (account, livemode, id)
);

create index charges_payment_intent on finance.charges (account, livemode, payment_intent);
create index charges_invoice on finance.charges (account, livemode, invoice) where invoice is not null;

-- The single refunds, where the event carries them (newer shapes leave the list out).
create table finance.refunds (
  account text not null,
  livemode boolean not null,
  id text not null,
  charge text not null,
  customer text,
  status text,
  amount bigint not null,
  currency text,
  reason text,
  refunded_at timestamptz,
  last_event text not null,
  changed_at timestamptz not null,
  primary key (account, livemode, id)
);

create index refunds_charge on finance.refunds (account, livemode, charge);

-- What remains of each payment. A charge belongs to it by payment intent, by charge or (old shape) by invoice.
create view finance.payment_nets as
select
  p.account, p.livemode, p.id, p.customer, p.currency, p.status, p.amount_paid, back.amount_refunded,
  p.amount_paid - back.amount_refunded as amount_net
from finance.payments as p
cross join lateral (
  select coalesce(sum(c.amount_refunded), 0)::bigint as amount_refunded
  from finance.charges as c
  where c.account = p.account
    and c.livemode = p.livemode
    and (c.payment_intent = p.payment_intent or c.id = p.charge or c.invoice = p.id)
) as back;
