-- One table for each kind of Stripe object, each row a function of its object's last state alone. What one would call a
-- payment (an invoice, or a payment intent without one) is a view from here on, so what was kept for it is turned into
-- invoices; the payments of checkouts can be told from the checkout sessions.

drop view finance.payment_nets;
drop view finance.item_standings;

alter table finance.customers
add column made_at timestamptz,
add column delinquent boolean not null default false,
add column currency text,
-- Null: no event has told of the customer itself.
add column last_event text,
add column changed_at timestamptz;

alter table finance.subscriptions
add column made_at timestamptz,
add column update_pending boolean not null default false;

-- known_status is the last status that this version understands, known_at the time up to which it is known to hold.
alter table finance.subscriptions rename column status_since to known_at;

alter table finance.checkout_sessions
add column made_at timestamptz,
add column status text;

-- Only completed sessions have been stored so far, when they were or soon after.
update finance.checkout_sessions
set made_at = changed_at, status = 'complete';

create index checkout_sessions_customer on finance.checkout_sessions (account, livemode, customer)
where customer is not null;

create index checkout_sessions_payment_intent on finance.checkout_sessions (account, livemode, payment_intent)
where payment_intent is not null;

alter table finance.payments rename to invoices;

alter index finance.payments_pkey rename to invoices_pkey;
alter index finance.payments_customer rename to invoices_customer;
alter index finance.payments_subscription rename to invoices_subscription;

delete from finance.invoices
where source = 'checkout';

alter table finance.invoices
drop column source,
add column made_at timestamptz,
add column total bigint;

create index invoices_payment_intent on finance.invoices (account, livemode, payment_intent)
where payment_intent is not null;

create index invoices_charge on finance.invoices (account, livemode, charge)
where charge is not null;

alter table finance.charges
add column made_at timestamptz,
add column status text,
add column amount_captured bigint,
alter column amount_refunded drop not null,
alter column amount_refunded drop default;

alter table finance.refunds rename column refunded_at to made_at;

alter table finance.refunds
alter column charge drop not null,
add column payment_intent text,
add column failure_reason text;

create index refunds_payment_intent on finance.refunds (account, livemode, payment_intent)
where payment_intent is not null;

-- Since basil an invoice does not say any more what paid it.
create table finance.invoice_payments (
  account text not null,
  livemode boolean not null,
  id text not null,
  made_at timestamptz,
  customer text,
  invoice text,
  payment_intent text,
  charge text,
  status text,
  amount_paid bigint,
  currency text,
  paid_at timestamptz,
  last_event text not null,
  changed_at timestamptz not null,
  primary key (account, livemode, id)
);

create index invoice_payments_invoice on finance.invoice_payments (account, livemode, invoice);
create index invoice_payments_payment_intent on finance.invoice_payments (account, livemode, payment_intent)
where payment_intent is not null;
create index invoice_payments_charge on finance.invoice_payments (account, livemode, charge)
where charge is not null;

create table finance.payment_intents (
  account text not null,
  livemode boolean not null,
  id text not null,
  made_at timestamptz,
  customer text,
  status text,
  amount bigint,
  amount_received bigint,
  currency text,
  latest_charge text,
  invoice text,
  last_event text not null,
  changed_at timestamptz not null,
  primary key (account, livemode, id)
);

create index payment_intents_customer on finance.payment_intents (account, livemode, customer);
create index payment_intents_invoice on finance.payment_intents (account, livemode, invoice)
where invoice is not null;

create table finance.disputes (
  account text not null,
  livemode boolean not null,
  id text not null,
  made_at timestamptz,
  customer text,
  charge text,
  payment_intent text,
  status text,
  reason text,
  amount bigint not null,
  currency text,
  -- What it has moved on the balance, without fees: negative while the money is withdrawn; null when not told.
  balance bigint,
  last_event text not null,
  changed_at timestamptz not null,
  primary key (account, livemode, id)
);

create index disputes_charge on finance.disputes (account, livemode, charge);
create index disputes_payment_intent on finance.disputes (account, livemode, payment_intent)
where payment_intent is not null;

create table finance.credit_notes (
  account text not null,
  livemode boolean not null,
  id text not null,
  made_at timestamptz,
  customer text,
  invoice text,
  status text,
  type text,
  amount bigint,
  currency text,
  reason text,
  refund text,
  last_event text not null,
  changed_at timestamptz not null,
  primary key (account, livemode, id)
);

create index credit_notes_invoice on finance.credit_notes (account, livemode, invoice);

-- What the shop decides. No row: the defaults.
create table finance.policies (
  account text not null,
  livemode boolean not null,
  -- How long past_due still grants, from the start of the period that was not paid.
  past_due_grace interval not null default finance.past_due_grace(),
  -- What a dispute of one of its payments does to a subscription.
  dispute text not null default 'keep',
  primary key (account, livemode),
  constraint policies_dispute check (dispute in ('keep', 'revoke_when_lost', 'revoke_while_open'))
);

--   parked    waits_for = 'user': the facts are stored; the customer has no user yet
--             waits_for = 'stripe': nothing is stored, since Stripe could not be asked which came first
alter table finance.events
add column form text not null default 'snapshot',
add column waits_for text,
-- Only while it waits for Stripe: what it is about, all that it tells of, the ticket for the first, and the facts.
add column object text,
add column objects text[],
add column ticket bigint,
add column facts jsonb;

alter table finance.events alter column form drop default;

update finance.events
set waits_for = 'user'
where state = 'parked';

-- Written over what they replace, so that no transaction looks for events that wait for the other thing.
drop index finance.events_parked;

create index events_wait_for_user on finance.events (account, livemode, customer)
where waits_for = 'user';

create index events_wait_for_stripe on finance.events using gin (objects)
where waits_for = 'stripe';

create index events_longest_wait on finance.events (stored_at)
where waits_for = 'stripe';

call bees.seal('finance');
