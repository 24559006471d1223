-- The finance bee's own tables, behind the same wall as the ledger: a schema that is not exposed, owned by bees_owner,
-- row level security on. Rows are keyed by (account, livemode, Stripe id): two accounts or modes never meet. `account`
-- is 'self' for the own account. Amounts are bigint minor units as Stripe sends them; what Stripe enumerates is text,
-- because it adds values without asking. Every value is absolute: nothing in this schema is ever incremented.
create schema if not exists finance authorization bees_owner;

comment on schema finance is 'Facts from Stripe and the entitlements that follow. Private; written by bee_tasks.finance__*.';

revoke all on schema finance from public, anon, authenticated, service_role, bee;

-- Whose customer is whose. A customer that only events have spoken of has no user yet: those events are parked.
create table finance.customers (
  account text not null,
  livemode boolean not null,
  id text not null,
  user_id text,
  linked_by text,
  linked_at timestamptz,
  deleted_at timestamptz,
  first_seen timestamptz not null default now(),
  primary key (account, livemode, id)
);

create index customers_user on finance.customers (account, livemode, user_id)
where user_id is not null;

-- What a user may use, always recomputed from all rows of all the user's customers (finance.recompute). `entitled` is
-- the verdict on the statuses; it holds until `entitled_until`, which finance.entitlements applies to the clock.
create table finance.user_profiles (
  account text not null,
  livemode boolean not null,
  user_id text not null,
  customer text,
  entitled boolean not null default false,
  plan text,
  status text,
  subscription text,
  entitled_until timestamptz,
  -- Some subscription has a status that this version does not know; a person should look.
  flagged boolean not null default false,
  created_at timestamptz not null default now(),
  changed_at timestamptz not null default now(),
  primary key (account, livemode, user_id)
);

create view finance.entitlements as
select
  account, livemode, user_id, plan, entitled_until, flagged,
  entitled and (entitled_until is null or entitled_until > now()) as active
from finance.user_profiles;

-- One transaction for one customer at a time; everything that is written below hangs on this lock. A guest's objects
-- have no customer, so there the object itself is locked.
create function finance.lock_customer(account text, livemode boolean, subject text)
returns void
language sql
set search_path = pg_catalog, pg_temp
as $$
  select bees.lock_subject('finance', account, livemode::text, subject);
$$;
