-- The event ledger: each Stripe event once, with what became of it. Its row commits with its effect.
--   applied   the facts are stored and the entitlement follows them
--   parked    the facts are stored; the customer has no user yet
--   stale     something newer about the same object was there already; nothing was changed
--   ignored   a type that nobody applies
create table finance.events (
  account text not null,
  livemode boolean not null,
  id text not null,
  type text not null,
  state text not null,
  customer text,
  created_at timestamptz not null,
  api_version text,
  -- digestOf(input): equal for every delivery of the event.
  payload_digest text not null,
  process text not null,
  result jsonb not null,
  -- The event that brought the user of a parked one.
  unparked_by text,
  stored_at timestamptz not null default now(),
  settled_at timestamptz,
  primary key (account, livemode, id)
);

create index events_parked on finance.events (account, livemode, customer)
where state = 'parked';

create table finance.object_guards (
  account text not null,
  livemode boolean not null,
  object text not null,
  created_at timestamptz not null,
  event text not null,
  primary key (account, livemode, object)
);

-- The one place that decides whether an event may still write an object. Rule of today: it may, unless an event with
-- a later `created` already has. `created` has whole seconds, so of two events in one second the later arrival wins;
-- a finer rule belongs here and nowhere else. Answers 'apply' or 'stale'; the caller holds the customer's lock.
create function finance.guard(account text, livemode boolean, object text, created_at timestamptz, event text)
returns text
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into finance.object_guards as g (account, livemode, object, created_at, event)
  values (guard.account, guard.livemode, guard.object, guard.created_at, guard.event)
  on conflict on constraint object_guards_pkey do update
  set created_at = excluded.created_at, event = excluded.event
  where excluded.created_at >= g.created_at;
  return case when found then 'apply' else 'stale' end;
end
$$;
