-- Subscriptions with their items and the last status that is known; then whatever kind of fact there is to write.

-- `held` is the time up to which the row was known to hold before this fact, `holds` up to which it does now.
create function finance.store_subscription(fact jsonb, held timestamptz, holds timestamptz)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  incoming finance.subscriptions;
begin
  incoming := jsonb_populate_record(null::finance.subscriptions, fact);
  if finance.is_known_status(incoming.status) then
    incoming.known_status := incoming.status;
    incoming.known_at := holds;
  end if;

  insert into finance.subscriptions as s
  values (incoming.*)
  on conflict (account, livemode, id) do update
  set
    made_at = excluded.made_at,
    customer = excluded.customer,
    status = excluded.status,
    known_status = coalesce(excluded.known_status, s.known_status),
    known_at = case
      when excluded.known_status is not null then excluded.known_at
      when s.status = s.known_status then greatest(s.known_at, store_subscription.held)
      else s.known_at
    end,
    currency = excluded.currency,
    cancel_at_period_end = excluded.cancel_at_period_end,
    cancel_at = excluded.cancel_at,
    canceled_at = excluded.canceled_at,
    ended_at = excluded.ended_at,
    trial_end = excluded.trial_end,
    collection_paused = excluded.collection_paused,
    update_pending = excluded.update_pending,
    latest_invoice = excluded.latest_invoice,
    last_event = excluded.last_event,
    changed_at = excluded.changed_at;

  -- An item that is not named is gone.
  delete from finance.subscription_items as i
  where i.account = incoming.account and i.livemode = incoming.livemode and i.subscription = incoming.id
    and i.id not in (select item ->> 'id' from jsonb_array_elements(fact -> 'items') as item);

  insert into finance.subscription_items as i
  select filled.*
  from jsonb_array_elements(fact -> 'items') as item
  cross join lateral jsonb_populate_record(
    null::finance.subscription_items,
    item || jsonb_build_object('account', incoming.account, 'livemode', incoming.livemode, 'subscription', incoming.id)
  ) as filled
  on conflict (account, livemode, subscription, id) do update
  set
    price = excluded.price,
    product = excluded.product,
    lookup_key = excluded.lookup_key,
    quantity = excluded.quantity,
    unit_amount = excluded.unit_amount,
    currency = excluded.currency,
    period_start = excluded.period_start,
    period_end = excluded.period_end;
end
$$;

-- A subscription whose status nobody knows goes on with the last one that was known, also where that one is heard of
-- later. Returns whether this made a difference.
create function finance.remember_status(
  p_account text, p_livemode boolean, p_subscription text, p_status text, p_created_at timestamptz
)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if not finance.is_known_status(p_status) then
    return false;
  end if;
  update finance.subscriptions as s
  set known_status = p_status, known_at = p_created_at
  where s.account = p_account and s.livemode = p_livemode and s.id = p_subscription
    and s.status is distinct from s.known_status
    and (s.known_at is null or s.known_at < p_created_at);
  return found;
end
$$;

create function finance.store(kind text, fact jsonb, held timestamptz, holds timestamptz)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  case kind
    when 'subscription' then perform finance.store_subscription(fact, held, holds);
    when 'invoice' then perform finance.store_invoice(fact);
    when 'charge' then perform finance.store_charge(fact);
    when 'payment_intent' then perform finance.store_payment_intent(fact);
    when 'checkout_session' then perform finance.store_checkout_session(fact);
    when 'customer' then perform finance.store_customer(fact);
    when 'invoice_payment' then perform finance.store_invoice_payment(fact);
    when 'refund' then perform finance.store_refund(fact);
    when 'dispute' then perform finance.store_dispute(fact);
    when 'credit_note' then perform finance.store_credit_note(fact);
    else raise exception 'finance: unknown kind of fact: %', kind using errcode = '22023';
  end case;
end
$$;

-- What becomes of a row whose object Stripe does not have any more. Other kinds are kept as they were last.
create function finance.store_gone(
  p_account text, p_livemode boolean, p_kind text, p_object text, p_event text, p_at timestamptz
)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_kind = 'invoice' then
    update finance.invoices as i
    set status = 'deleted', last_event = p_event, changed_at = p_at
    where i.account = p_account and i.livemode = p_livemode and i.id = p_object and i.status <> 'deleted';
  elsif p_kind = 'customer' then
    update finance.customers as c
    set made_at = null, delinquent = false, currency = null, deleted_at = p_at, last_event = p_event, changed_at = p_at
    where c.account = p_account and c.livemode = p_livemode and c.id = p_object and c.deleted_at is null;
  else
    return false;
  end if;
  return found;
end
$$;

call bees.seal('finance');
