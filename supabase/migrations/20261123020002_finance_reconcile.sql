-- Reconciling and unparking: what the tasks ask of the database besides finance.take. Nothing here writes a fact; the
-- tables of Stripe's objects are only looked at.

-- Where the reconciliation of an account has come to. A pass through a large account takes several runs of the task.
create table finance.reconciliations (
  account text not null,
  livemode boolean not null,
  -- The process that began the pass; what belongs to another pass is not saved any more.
  pass text not null,
  -- The bee's own: phase, cursor, window of time, totals of the pass. Null: the pass has just begun.
  position jsonb,
  is_over boolean not null,
  -- Every event that Stripe made up to then has been looked at, seconds since 1970 by Stripe's clock.
  events_through_s bigint,
  started_at timestamptz not null,
  saved_at timestamptz not null,
  primary key (account, livemode)
);

-- Begins a pass, or takes up the one that is not over, for one account or all that have been heard of; those that have
-- waited longest come first.
create function finance.reconcile_begin(input jsonb, call jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  with recursive heard (account) as (
    -- From one account to the next over the primary key, since there are many events of each.
    (select e.account from finance.events as e order by e.account limit 1)
    union all
    select (select e.account from finance.events as e where e.account > h.account order by e.account limit 1)
    from heard as h
    where h.account is not null
  ),
  asked (account, livemode) as (
    select a.account, m.livemode::boolean
    from (
      select 'self' as account
      union
      select h.account from heard as h where h.account is not null
    ) as a
    cross join jsonb_array_elements(input -> 'modes') as m (livemode)
    where input ->> 'account' is null
      and (
        a.account = 'self'
        or exists (select from finance.events as e where e.account = a.account and e.livemode = m.livemode::boolean)
      )
    union
    select input ->> 'account', m.livemode::boolean
    from jsonb_array_elements(input -> 'modes') as m (livemode)
    where input ->> 'account' is not null
  )
  insert into finance.reconciliations as r (account, livemode, pass, is_over, started_at, saved_at)
  select a.account, a.livemode, call ->> 'process', false, now(), now()
  from asked as a
  order by a.account, a.livemode
  on conflict (account, livemode) do update
  set
    pass = case when r.is_over then excluded.pass else r.pass end,
    position = case when not r.is_over then r.position end,
    started_at = case when r.is_over then excluded.started_at else r.started_at end,
    is_over = false;

  return jsonb_build_object(
    'tenants', (
      select coalesce(jsonb_agg(
        jsonb_build_object(
          'account', r.account, 'livemode', r.livemode, 'pass', r.pass, 'position', r.position,
          'events_through_s', r.events_through_s
        )
        order by r.saved_at, r.account, r.livemode
      ), '[]')
      from finance.reconciliations as r
      where r.livemode in (select m::boolean from jsonb_array_elements(input -> 'modes') as m)
        and (input ->> 'account' is null or r.account = input ->> 'account')
    )
  );
end
$$;

create function finance.reconcile_save(input jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  update finance.reconciliations as r
  set
    position = input -> 'position',
    is_over = (input ->> 'over')::boolean,
    events_through_s = coalesce((input ->> 'events_through_s')::bigint, r.events_through_s),
    saved_at = now()
  where r.account = input ->> 'account'
    and r.livemode = (input ->> 'livemode')::boolean
    and r.pass = input ->> 'pass';
  return jsonb_build_object('saved', found);
end
$$;

-- Which of these events have never come.
create function finance.reconcile_unknown(input jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return jsonb_build_object(
    'unknown', (
      select coalesce(jsonb_agg(i.id order by i.place), '[]')
      from jsonb_array_elements_text(input -> 'ids') with ordinality as i (id, place)
      where not exists (
        select
        from finance.events as e
        where e.account = input ->> 'account'
          and e.livemode = (input ->> 'livemode')::boolean
          and e.id = i.id
      )
    )
  );
end
$$;

-- The objects that parked events wait for, the longest waiting first.
create function finance.parked(most integer)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  with waiting as (
    select e.account, e.livemode, e.object, e.type, e.created_at, e.stored_at
    from finance.events as e
    where e.state = 'parked' and e.waits_for = 'stripe'
  ),
  objects as (
    select
      w.account,
      w.livemode,
      w.object,
      min(w.type) as type,
      max(w.created_at) as since,
      min(w.stored_at) as first
    from waiting as w
    group by w.account, w.livemode, w.object
    order by first, w.account, w.livemode, w.object
    limit most
  )
  select jsonb_build_object(
    'events', (select count(*) from waiting),
    'oldest_age_s', (select extract(epoch from now() - min(w.stored_at)) from waiting as w),
    'objects', (
      select coalesce(jsonb_agg(
        jsonb_build_object(
          'account', o.account, 'livemode', o.livemode, 'object', o.object, 'type', o.type,
          'since', bees.rfc3339(o.since)
        )
        order by o.first, o.account, o.livemode, o.object
      ), '[]')
      from objects as o
    )
  );
$$;

create function bee_tasks.finance__reconcile_stripe(input jsonb, call jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  return case input ->> 'op'
    when 'begin' then finance.reconcile_begin(input, call)
    when 'save' then finance.reconcile_save(input)
    when 'unknown' then finance.reconcile_unknown(input)
    when 'differs' then finance.reconcile_differs(input)
    else finance.take(input, call)
  end;
end
$$;

create function bee_tasks.finance__unpark_stripe(input jsonb, call jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  return case input ->> 'op'
    when 'parked' then finance.parked((input ->> 'most')::integer)
    else finance.take(input, call)
  end;
end
$$;

call bees.seal('finance');
call bees.seal('bee_tasks');
