-- The task: one event, one transaction. `input` is the normal form that the bee made of the event (bees/finance).

-- Some states are final at Stripe whatever the order of arrival: a subscription that has ended never lives again, a paid
-- invoice never becomes unpaid. An event that says otherwise is older, even if it bears the same second.
create function finance.is_settled(account text, livemode boolean, kind text, fact jsonb)
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select case kind
    when 'subscription' then
      not (fact ->> 'deleted')::boolean
      and coalesce(fact ->> 'status', '') not in ('canceled', 'incomplete_expired')
      and exists (
        select from finance.subscriptions as s
        where s.account = is_settled.account
          and s.livemode = is_settled.livemode
          and s.id = fact ->> 'id'
          and s.known_status in ('canceled', 'incomplete_expired')
      )
    when 'payment' then
      fact ->> 'status' is distinct from 'paid'
      and exists (
        select from finance.payments as p
        where p.account = is_settled.account
          and p.livemode = is_settled.livemode
          and p.id = fact ->> 'id'
          and p.status = 'paid'
      )
    else false
  end;
$$;

-- Writes what the event says, if nothing newer is there. Returns the decision and the users to look at again.
create function finance.apply_fact(
  input jsonb, fact jsonb, out decision text, out users text[]
)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_account constant text := input ->> 'account';
  v_livemode constant boolean := input -> 'livemode';
  v_customer constant text := input ->> 'customer';
  v_event constant text := input ->> 'event';
  v_created_at constant timestamptz := input ->> 'created_at';
begin
  users := '{}';
  if input ->> 'kind' = 'customer_deleted' then
    users := finance.delete_customer(v_account, v_livemode, v_customer, v_event, v_created_at);
    decision := 'apply';
    return;
  end if;

  decision := case
    when finance.is_settled(v_account, v_livemode, input ->> 'kind', fact) then 'stale'
    else finance.guard(v_account, v_livemode, fact ->> 'id', v_created_at, v_event)
  end;
  if decision = 'stale' then
    return;
  end if;

  case input ->> 'kind'
    when 'subscription' then perform finance.store_subscription(fact);
    when 'payment' then perform finance.store_payment(fact);
    when 'charge' then perform finance.store_charge(fact);
    when 'checkout' then
      perform finance.store_checkout(fact);
      if v_customer is not null and fact ->> 'user_id' is not null then
        users := finance.link_customer(
          v_account, v_livemode, v_customer, fact ->> 'user_id', v_event, v_created_at
        );
      end if;
    else
      raise exception 'finance: unknown kind of fact: %', input ->> 'kind' using errcode = '22023';
  end case;
end
$$;

create function bee_tasks.finance__apply_stripe_event(input jsonb, call jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_account constant text := input ->> 'account';
  v_livemode constant boolean := input -> 'livemode';
  v_customer constant text := input ->> 'customer';
  v_event constant text := input ->> 'event';
  fact constant jsonb := coalesce(input -> 'fact', '{}') || jsonb_build_object(
    'account', v_account, 'livemode', v_livemode, 'customer', v_customer, 'last_event', v_event,
    'changed_at', input -> 'created_at'
  );
  v_state text;
  v_decision text;
  v_users text[];
  v_user text;
  v_owner finance.customers;
  v_entitlement jsonb;
  v_unparked bigint := 0;
  v_result jsonb;
begin
  if input ->> 'kind' = 'ignored' then
    v_state := 'ignored';
  else
    perform finance.lock_customer(v_account, v_livemode, coalesce(v_customer, fact ->> 'id'));

    if v_customer is not null then
      insert into finance.customers (account, livemode, id)
      values (v_account, v_livemode, v_customer)
      on conflict (account, livemode, id) do nothing;
    end if;

    select d.decision, d.users into v_decision, v_users
    from finance.apply_fact(input, fact) as d;

    select c.* into v_owner
    from finance.customers as c
    where c.account = v_account and c.livemode = v_livemode and c.id = v_customer;

    v_state := case
      when v_decision = 'stale' then 'stale'
      when v_customer is not null and v_owner.user_id is null and v_owner.deleted_at is null then 'parked'
      else 'applied'
    end;

    if v_owner.user_id is not null or v_owner.deleted_at is not null then
      v_unparked := finance.unpark(v_account, v_livemode, v_customer, v_event);
    end if;

    -- In sorted order, so that two moves between the same users cannot wait for each other.
    if v_state <> 'stale' then
      for v_user in
        select distinct u from unnest(v_users || v_owner.user_id) as u where u is not null order by u
      loop
        if v_owner.user_id is null or v_user = v_owner.user_id then
          v_entitlement := finance.recompute(v_account, v_livemode, v_user);
        else
          perform finance.recompute(v_account, v_livemode, v_user);
        end if;
      end loop;
    end if;
  end if;

  v_result := jsonb_build_object(
    'event', v_event, 'state', v_state, 'unparked', v_unparked, 'entitlement', v_entitlement
  );

  -- The ledger has seen to it that nobody else is at this event; a second row would be a bug and fails the transaction.
  insert into finance.events (
    account, livemode, id, type, state, customer, created_at, api_version, payload_digest, process, result, settled_at
  )
  values (
    v_account, v_livemode, v_event, input ->> 'type', v_state, v_customer, (input ->> 'created_at')::timestamptz,
    input ->> 'api_version', call ->> 'input_digest', call ->> 'process', v_result,
    case when v_state <> 'parked' then now() end
  );

  return v_result;
end
$$;

call bees.seal('finance');
call bees.seal('bee_tasks');
