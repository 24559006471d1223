-- Subscriptions, their items, and the checkout sessions that began them.

create table finance.subscriptions (
  account text not null,
  livemode boolean not null,
  id text not null,
  customer text not null,
  -- As Stripe says it, and the last one that this version understands: an unknown status changes no entitlement.
  status text,
  known_status text,
  -- When known_status became what it is, by Stripe's clock.
  status_since timestamptz,
  currency text,
  cancel_at_period_end boolean not null default false,
  cancel_at timestamptz,
  canceled_at timestamptz,
  ended_at timestamptz,
  trial_end timestamptz,
  collection_paused boolean not null default false,
  latest_invoice text,
  last_event text not null,
  changed_at timestamptz not null,
  primary key (account, livemode, id)
);

create index subscriptions_customer on finance.subscriptions (account, livemode, customer);

create table finance.subscription_items (
  account text not null,
  livemode boolean not null,
  subscription text not null,
  id text not null,
  price text,
  product text,
  lookup_key text,
  quantity bigint,
  unit_amount bigint,
  currency text,
  period_start timestamptz,
  period_end timestamptz,
  primary key (account, livemode, subscription, id)
);

create table finance.checkout_sessions (
  account text not null,
  livemode boolean not null,
  id text not null,
  mode text,
  customer text,
  subscription text,
  user_id text,
  payment_status text,
  payment_intent text,
  invoice text,
  amount_total bigint,
  currency text,
  last_event text not null,
  changed_at timestamptz not null,
  primary key (account, livemode, id)
);

create index checkout_sessions_subscription on finance.checkout_sessions (account, livemode, subscription)
where subscription is not null;

-- What a price grants. Filled by whoever runs the shop; a price without a row grants a plan called like its lookup key,
-- or like the price itself, with rank 0. The highest rank wins.
create table finance.plans (
  account text not null,
  livemode boolean not null,
  price text not null,
  plan text not null,
  rank integer not null default 0,
  primary key (account, livemode, price)
);

create function finance.is_known_status(status text)
returns boolean
language sql
immutable
return coalesce(
  status in ('incomplete', 'incomplete_expired', 'trialing', 'active', 'past_due', 'unpaid', 'paused', 'canceled'), false
);

-- past_due grants too, for the time of grace below: the next attempt at payment usually works.
create function finance.status_grants(status text)
returns boolean
language sql
immutable
return coalesce(status in ('trialing', 'active', 'past_due'), false);

create function finance.past_due_grace()
returns interval
language sql
immutable
return interval '7 days';
