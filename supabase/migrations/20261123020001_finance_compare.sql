-- Comparing with Stripe's lists: what is different is only ever a reason to read the object. Rows are compared, not the
-- digests in the guards, so that what somebody has changed by hand is found too; and by the members that are told, since
-- each of Stripe's API versions leaves out some that the other one has.

-- Whether the row says what the fact says; null where there is no row.
create function finance.row_says(p_account text, p_livemode boolean, p_kind text, fact jsonb)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  -- A version that does not tell these has null; see finance.store_invoice and its like.
  v_of_one_shape constant text[] := case p_kind
    when 'invoice' then '{payment_intent,charge}'
    when 'payment_intent' then '{invoice}'
    when 'charge' then '{invoice}'
    else '{}'
  end;
  v_told jsonb := fact;
  v_member text;
  v_same boolean;
begin
  foreach v_member in array v_of_one_shape loop
    if v_told -> v_member = 'null' then
      v_told := v_told - v_member;
    end if;
  end loop;

  -- Filling the row with the fact must change nothing.
  execute format(
    'select to_jsonb(jsonb_populate_record(t, $3)) = to_jsonb(t) from finance.%I as t
     where t.account = $1 and t.livemode = $2 and t.id = $3 ->> ''id''',
    p_kind || 's'
  )
  into v_same
  using p_account, p_livemode, v_told;

  if v_same and p_kind = 'customer' then
    return exists (
      select from finance.customers as c
      where c.account = p_account
        and c.livemode = p_livemode
        and c.id = fact ->> 'id'
        and (c.deleted_at is not null) = (fact ->> 'deleted')::boolean
    );
  end if;
  if v_same and p_kind = 'subscription' then
    return (
      select jsonb_agg(to_jsonb(i) order by i.id)
      from finance.subscription_items as i
      where i.account = p_account and i.livemode = p_livemode and i.subscription = fact ->> 'id'
    ) is not distinct from (
      select jsonb_agg(to_jsonb(filled) order by filled.id)
      from jsonb_array_elements(fact -> 'items') as item
      cross join lateral jsonb_populate_record(
        null::finance.subscription_items,
        item || jsonb_build_object('account', p_account, 'livemode', p_livemode, 'subscription', fact -> 'id')
      ) as filled
    );
  end if;
  return v_same;
end
$$;

-- Subscriptions that have not ended, for the comparison with Stripe's list of them.
create index subscriptions_live on finance.subscriptions (account, livemode, made_at)
where coalesce(status, '') not in ('canceled', 'incomplete_expired');

-- Those that the list should have shown: made in the stretch of time that it stands for, and not in it. Lists are not up
-- to date to the second, and two objects may be made in one: that a row is here is a reason to read its object.
create function finance.reconcile_unlisted(input jsonb)
returns setof text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_from constant timestamptz := to_timestamp((input #>> '{rows,from_s}')::bigint);
  v_to constant timestamptz := to_timestamp((input #>> '{rows,to_s}')::bigint);
  v_listed constant text[] := array(select jsonb_array_elements_text(input -> 'listed'));
begin
  if coalesce(input -> 'rows', 'null') = 'null' then
    return;
  end if;
  return query
  select s.id
  from finance.subscriptions as s
  where s.account = input ->> 'account'
    and s.livemode = (input ->> 'livemode')::boolean
    and coalesce(s.status, '') not in ('canceled', 'incomplete_expired')
    and (s.made_at between coalesce(v_from, '-infinity') and v_to or (s.made_at is null and v_from is null))
    and s.id <> all (v_listed)
  order by s.id
  limit 500;
end
$$;

-- Which of the told objects have another row, or none though events have told of them; and which rows were not listed.
create function finance.reconcile_differs(input jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_account constant text := input ->> 'account';
  v_livemode constant boolean := input -> 'livemode';
  v_kind constant text := input ->> 'kind';
  told jsonb;
  v_object text;
  v_same boolean;
  v_differs text[] := '{}';
begin
  for told in select t from jsonb_array_elements(input -> 'told') as t loop
    v_object := told #>> '{fact,id}';
    v_same := finance.row_says(v_account, v_livemode, v_kind, told -> 'fact');
    continue when v_same or (v_same is null and input -> 'untold' ? v_object);
    v_differs := v_differs || v_object;
    -- Where the row is not what its guard says was written, the guard must not keep it from being written again.
    update finance.object_guards as g
    set content = null
    where g.account = v_account
      and g.livemode = v_livemode
      and g.object = v_object
      and g.content = finance.content(told -> 'fact');
  end loop;

  return jsonb_build_object(
    'differs', (
      select coalesce(jsonb_agg(jsonb_build_object('kind', v_kind, 'object', d.object) order by d.object), '[]')
      from (
        select o.object from unnest(v_differs) as o (object)
        union
        select u.object from finance.reconcile_unlisted(input) as u (object)
      ) as d
    )
  );
end
$$;

call bees.seal('finance');
