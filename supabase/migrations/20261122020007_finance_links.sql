-- Binding a customer to a user and parting them again. Both return the users whose entitlement may have changed.

create function finance.link_customer(
  p_account text, p_livemode boolean, p_customer text, p_user_id text, p_event text, p_created_at timestamptz
)
returns text[]
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  before finance.customers;
begin
  -- An older checkout neither moves a customer back nor wakes a deleted one.
  if finance.guard(p_account, p_livemode, p_customer, p_created_at, p_event) = 'stale' then
    return '{}';
  end if;

  select c.* into strict before
  from finance.customers as c
  where c.account = p_account and c.livemode = p_livemode and c.id = p_customer;

  -- Stripe never gives a deleted customer back, so a link in the second of the deletion lost against it.
  if before.deleted_at is not null then
    return '{}';
  end if;

  update finance.customers as c
  set user_id = p_user_id, linked_by = p_event, linked_at = p_created_at
  where c.account = p_account and c.livemode = p_livemode and c.id = p_customer;

  return array_remove(array[before.user_id, p_user_id], null);
end
$$;

-- Takes up what was waiting for the user. The facts are stored already; the caller recomputes in the same commit.
create function finance.unpark(p_account text, p_livemode boolean, p_customer text, p_event text)
returns bigint
language sql
set search_path = pg_catalog, pg_temp
as $$
  with settled as (
    update finance.events as e
    set state = 'applied', unparked_by = p_event, settled_at = now()
    where e.account = p_account and e.livemode = p_livemode and e.customer = p_customer and e.state = 'parked'
    returning 1
  )
  select count(*) from settled;
$$;

create function finance.delete_customer(
  p_account text, p_livemode boolean, p_customer text, p_event text, p_created_at timestamptz
)
returns text[]
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  before finance.customers;
begin
  -- No guard's verdict needed: a deletion is final. Asking moves the guard, so that late checkouts are stale.
  perform finance.guard(p_account, p_livemode, p_customer, p_created_at, p_event);

  select c.* into strict before
  from finance.customers as c
  where c.account = p_account and c.livemode = p_livemode and c.id = p_customer;

  update finance.customers as c
  set user_id = null, linked_by = null, linked_at = null, deleted_at = p_created_at
  where c.account = p_account and c.livemode = p_livemode and c.id = p_customer;

  return array_remove(array[before.user_id], null);
end
$$;
