-- Which of two facts is the newer one. `created` has whole seconds and events come in any order, so often nobody can tell;
-- then the object is read from Stripe, and the order of reads is told by tickets that come from here. For each object:
--
--   lo, hi        everything created before lo is certainly contained in the row, nothing created after hi is
--   seq           the last ticket that was given
--   barrier       reads with a ticket up to here may be older than the row
--   read_ticket   the highest ticket of a read that was accepted: what had a ticket by then is contained
--   content       digest of the fact that the row was written from; null: it was not written from one
--   rank          how final the row is; null: cannot be said
--   waiting       events about it are parked until Stripe can be read
--   customer      whose it is, as far as anything has told
--
-- No clock of ours is in this: lo and hi come from Stripe's.
alter table finance.object_guards
add column lo timestamptz not null default '-infinity',
add column hi timestamptz not null default '-infinity',
add column seq bigint not null default 0,
add column barrier bigint not null default 0,
add column read_ticket bigint not null default 0,
add column content bytea,
add column rank smallint,
add column waiting boolean not null default false,
add column customer text;

create function finance.rank(kind text, fact jsonb)
returns smallint
language sql
immutable
-- Null for a value that this version does not know, and for disputes: an appeal can open them again.
return (case kind
  when 'subscription' then
    case
      when fact ->> 'status' = 'incomplete' then 0
      when fact ->> 'status' in ('trialing', 'active', 'past_due', 'unpaid', 'paused') then 1
      when fact ->> 'status' in ('canceled', 'incomplete_expired') then 2
    end
  when 'invoice' then
    case fact ->> 'status'
      when 'draft' then 0 when 'open' then 1 when 'uncollectible' then 2 when 'paid' then 3 when 'void' then 3
      when 'deleted' then 4
    end
  when 'charge' then
    case when fact ->> 'status' = 'pending' then 0 when fact ->> 'status' in ('succeeded', 'failed') then 1 end
  when 'payment_intent' then
    case
      when fact ->> 'status' in ('succeeded', 'canceled') then 1
      when fact ->> 'status' in (
        'requires_payment_method', 'requires_confirmation', 'requires_action', 'requires_capture', 'processing',
        'requires_source', 'requires_source_action'
      ) then 0
    end
  when 'refund' then
    case
      when fact ->> 'status' in ('failed', 'canceled') then 1
      when fact ->> 'status' in ('pending', 'requires_action', 'succeeded') then 0
    end
  when 'checkout_session' then
    case
      when fact ->> 'status' = 'open' then 0
      when fact ->> 'status' = 'expired' then 2
      when fact ->> 'status' = 'complete' then
        case
          when fact ->> 'payment_status' = 'unpaid' then 1
          when fact ->> 'payment_status' in ('paid', 'no_payment_required') then 2
        end
    end
  when 'invoice_payment' then
    case when fact ->> 'status' = 'open' then 0 when fact ->> 'status' in ('paid', 'canceled') then 1 end
  when 'customer' then case (fact ->> 'deleted')::boolean when true then 1 when false then 0 end
  when 'credit_note' then case when fact ->> 'status' = 'issued' then 0 when fact ->> 'status' = 'void' then 1 end
end)::smallint;

create function finance.content(fact jsonb)
returns bytea
language sql
immutable
-- jsonb keeps its members in one order, so equal facts have equal texts.
return pg_catalog.sha256(pg_catalog.convert_to(fact::text, 'UTF8'));

-- How far Stripe's clocks may be apart from each other.
create function finance.slack()
returns interval
language sql
immutable
return interval '2 seconds';

-- What a fact may do. Without a ticket (told by an event):
--   stale   something newer is there for certain
--   read    only Stripe can tell
--   apply   it is newer for certain
--   same    it says what the row says
-- With one (read from Stripe after the ticket had been given): stale, accept, or read once more.
create function finance.judge(
  guard finance.object_guards, rank smallint, content bytea, created_at timestamptz, must_read boolean, ticket bigint
)
returns text
language sql
immutable
return case
  when not must_read and created_at < guard.lo then 'stale'
  when ticket is null then
    case
      when rank < guard.rank then 'stale'
      when must_read or content is null then 'read'
      when created_at > guard.hi then 'apply'
      -- In the same second, too: from a final state no way leads back.
      when rank > guard.rank then 'apply'
      when content = guard.content then 'same'
      else 'read'
    end
  when ticket > guard.barrier then 'accept'
  -- A read that began after the event existed has been accepted: it is contained.
  when ticket <= guard.read_ticket then 'stale'
  else 'read'
end;

drop function finance.guard(text, boolean, text, timestamptz, text);

-- What has been written so far was taken by its event's `created` alone.
update finance.object_guards
set lo = created_at, hi = created_at;

alter table finance.object_guards
drop column created_at,
drop column event;

-- The guard of a customer's id was about its link, which needs none any more.
delete from finance.object_guards as g
using finance.customers as c
where c.account = g.account and c.livemode = g.livemode and c.id = g.object and c.deleted_at is null;

update finance.object_guards as g
set rank = known.rank, customer = known.customer
from (
  select account, livemode, id, customer, finance.rank('subscription', to_jsonb(s)) from finance.subscriptions as s
  union all
  select account, livemode, id, customer, finance.rank('invoice', to_jsonb(i)) from finance.invoices as i
  union all
  select account, livemode, id, customer, finance.rank('checkout_session', to_jsonb(x))
  from finance.checkout_sessions as x
  union all
  select account, livemode, id, customer, null from finance.charges
  union all
  select account, livemode, id, id, 1 from finance.customers where deleted_at is not null
) as known (account, livemode, object, customer, rank)
where known.account = g.account and known.livemode = g.livemode and known.object = g.object;

-- Single refunds had no guard: what is known of them is as new as the charge that told it.
insert into finance.object_guards (account, livemode, object, lo, hi, rank, customer)
select r.account, r.livemode, r.id, r.changed_at, r.changed_at, finance.rank('refund', to_jsonb(r)), r.customer
from finance.refunds as r
on conflict (account, livemode, object) do nothing;

-- Reads per second that all hives together may ask of Stripe for one account and mode; its own limit for single endpoints
-- is 25.
create function finance.reads_per_second()
returns integer
language sql
immutable
return 20;

-- When the next read may begin (GCRA: theoretical arrival time).
create table finance.read_rates (
  account text not null,
  livemode boolean not null,
  next_at timestamptz not null,
  primary key (account, livemode)
);

-- Takes the next place and returns how long to wait for it, milliseconds. A second's worth may go at once. Whoever would
-- have to wait for longer than anybody does gets no place, so that a backlog does not lock out those who come later.
create function finance.wait_for_read(p_account text, p_livemode boolean)
returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  most constant interval := interval '30 seconds';
  v_gap constant interval := interval '1 second' / finance.reads_per_second();
  v_next timestamptz;
begin
  insert into finance.read_rates as r (account, livemode, next_at)
  values (p_account, p_livemode, clock_timestamp() + v_gap)
  on conflict (account, livemode) do update
  set next_at = case
    when r.next_at > clock_timestamp() + most then r.next_at
    else greatest(r.next_at, clock_timestamp()) + v_gap
  end
  returning r.next_at into v_next;
  return greatest(0, ceil(extract(epoch from v_next - clock_timestamp() - interval '1 second') * 1000));
end
$$;

call bees.seal('finance');
