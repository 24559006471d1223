-- Whose customer is whose, and the events that wait for knowing it.

drop function finance.link_customer(text, boolean, text, text, text, timestamptz);
drop function finance.delete_customer(text, boolean, text, text, timestamptz);
drop function finance.unpark(text, boolean, text, text);

comment on column finance.customers.linked_by is 'The checkout session.';
comment on column finance.customers.linked_at is 'When that session was made.';

-- The customer belongs to the user of the latest of its completed checkouts, and to nobody once it is deleted: a function
-- of rows, whatever order they came in. Returns the users whose entitlement may have changed.
create function finance.relink(p_account text, p_livemode boolean, p_customer text)
returns text[]
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  before finance.customers;
  latest finance.checkout_sessions;
begin
  select c.* into before
  from finance.customers as c
  where c.account = p_account and c.livemode = p_livemode and c.id = p_customer;

  if not found then
    return '{}';
  end if;

  if before.deleted_at is null then
    select x.* into latest
    from finance.checkout_sessions as x
    where x.account = p_account and x.livemode = p_livemode and x.customer = p_customer
      and x.status = 'complete' and x.user_id is not null
    order by x.made_at desc nulls last, x.id collate "C" desc
    limit 1;
  end if;

  if (before.user_id, before.linked_by, before.linked_at) is not distinct from (latest.user_id, latest.id, latest.made_at)
  then
    return '{}';
  end if;

  update finance.customers as c
  set user_id = latest.user_id, linked_by = latest.id, linked_at = latest.made_at
  where c.account = p_account and c.livemode = p_livemode and c.id = p_customer;

  return array_remove(array[before.user_id, latest.user_id], null);
end
$$;

-- Takes up what was waiting for the user. The facts are stored already; the caller recomputes in the same commit.
create function finance.unpark_user(p_account text, p_livemode boolean, p_customer text, p_event text)
returns bigint
language sql
set search_path = pg_catalog, pg_temp
as $$
  with settled as (
    update finance.events as e
    set state = 'applied', waits_for = null, unparked_by = p_event, settled_at = now()
    where e.account = p_account and e.livemode = p_livemode and e.customer = p_customer and e.waits_for = 'user'
    returning 1
  )
  select count(*) from settled;
$$;

-- Whether what a waiting event had to tell of one object is contained in its row.
create function finance.is_contained(
  p_account text, p_livemode boolean, p_object text, p_created_at timestamptz, p_ticket bigint, p_must_read boolean,
  p_rank smallint
)
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(
    (
      -- A row that is more final is newer for certain.
      select g.read_ticket >= p_ticket or (not p_must_read and p_created_at < g.lo) or coalesce(p_rank < g.rank, false)
      from finance.object_guards as g
      where g.account = p_account and g.livemode = p_livemode and g.object = p_object
    ),
    false
  );
$$;

-- Settles the events that have waited for Stripe and speak of this object, if all they told is contained by now. Those of
-- a customer without a user go on waiting, for that. Returns how many.
create function finance.settle(p_account text, p_livemode boolean, p_object text, p_event text)
returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  parked finance.events;
  v_customer text;
  v_waits_for text;
  v_settled bigint := 0;
begin
  for parked in
    select e.*
    from finance.events as e
    where e.account = p_account and e.livemode = p_livemode and e.waits_for = 'stripe' and e.objects @> array[p_object]
    order by e.created_at, e.id
    -- Whoever holds one settles it; in the rare case that neither can, the next read of the object does.
    for update skip locked
  loop
    if not finance.is_contained(
        p_account, p_livemode, parked.object, parked.created_at, parked.ticket,
        coalesce((parked.facts #>> '{0,must_read}')::boolean, false),
        finance.rank(parked.facts #>> '{0,kind}', parked.facts #> '{0,fact}')
      )
      or exists (
        select from jsonb_array_elements(parked.facts) as told
        where not finance.is_contained(
          p_account, p_livemode, told #>> '{fact,id}', parked.created_at, (told ->> 'ticket')::bigint,
          (told ->> 'must_read')::boolean, finance.rank(told ->> 'kind', told -> 'fact')
        )
      )
    then
      continue;
    end if;

    perform finance.remember_status(
      p_account, p_livemode, told #>> '{fact,id}', told #>> '{fact,status}', parked.created_at
    )
    from jsonb_array_elements(parked.facts) as told
    where told ->> 'kind' = 'subscription';

    select coalesce(parked.customer, g.customer) into v_customer
    from finance.object_guards as g
    where g.account = p_account and g.livemode = p_livemode and g.object = parked.object;

    -- The usual one is locked already.
    if v_customer is not null then
      perform finance.lock_customer(p_account, p_livemode, v_customer);
    end if;

    v_waits_for := (
      select 'user'
      from finance.customers as c
      where c.account = p_account and c.livemode = p_livemode and c.id = v_customer
        and c.user_id is null and c.deleted_at is null
    );

    update finance.events as e
    set
      state = case when v_waits_for is null then 'applied' else 'parked' end,
      waits_for = v_waits_for,
      customer = v_customer,
      object = null,
      objects = null,
      ticket = null,
      facts = null,
      unparked_by = p_event,
      settled_at = case when v_waits_for is null then now() end
    where e.account = p_account and e.livemode = p_livemode and e.id = parked.id;
    v_settled := v_settled + 1;
  end loop;

  update finance.object_guards as g
  set waiting = false
  where g.account = p_account and g.livemode = p_livemode and g.object = p_object
    and not exists (
      select from finance.events as e
      where e.account = p_account and e.livemode = p_livemode and e.waits_for = 'stripe' and e.objects @> array[p_object]
    );
  return v_settled;
end
$$;

call bees.seal('finance');
