-- Writes the facts of one event. Each function takes the normal form's `fact`, to which the caller has added account,
-- livemode, customer, last_event and changed_at; its members are called like the columns. The guard has been asked.

create function finance.store_subscription(fact jsonb)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  incoming finance.subscriptions;
  v_status constant text := case when (fact ->> 'deleted')::boolean then 'canceled' else fact ->> 'status' end;
begin
  incoming := jsonb_populate_record(null::finance.subscriptions, fact);
  incoming.status := v_status;
  incoming.known_status := case when finance.is_known_status(v_status) then v_status end;
  incoming.status_since := case when incoming.known_status is not null then incoming.changed_at end;

  insert into finance.subscriptions as s
  values (incoming.*)
  on conflict (account, livemode, id) do update
  set
    customer = excluded.customer,
    status = excluded.status,
    known_status = coalesce(excluded.known_status, s.known_status),
    status_since = case
      when excluded.known_status is null or excluded.known_status = s.known_status then s.status_since
      else excluded.status_since
    end,
    currency = excluded.currency,
    cancel_at_period_end = excluded.cancel_at_period_end,
    cancel_at = excluded.cancel_at,
    canceled_at = excluded.canceled_at,
    ended_at = excluded.ended_at,
    trial_end = excluded.trial_end,
    collection_paused = excluded.collection_paused,
    latest_invoice = excluded.latest_invoice,
    last_event = excluded.last_event,
    changed_at = excluded.changed_at;

  -- An item that the event does not name is gone, unless the event says that it names only some.
  if (fact ->> 'items_complete')::boolean then
    delete from finance.subscription_items as i
    where i.account = incoming.account and i.livemode = incoming.livemode and i.subscription = incoming.id
      and i.id not in (select item ->> 'id' from jsonb_array_elements(fact -> 'items') as item);
  end if;

  insert into finance.subscription_items as i
  select filled.*
  from jsonb_array_elements(fact -> 'items') as item
  cross join lateral jsonb_populate_record(
    null::finance.subscription_items,
    item || jsonb_build_object('account', incoming.account, 'livemode', incoming.livemode, 'subscription', incoming.id)
  ) as filled
  order by filled.id
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

create function finance.store_payment(fact jsonb)
returns void
language sql
set search_path = pg_catalog, pg_temp
as $$
  insert into finance.payments as p
  select filled.* from jsonb_populate_record(null::finance.payments, fact) as filled
  on conflict (account, livemode, id) do update
  set
    customer = excluded.customer,
    -- The newer shape leaves these out of some events; what is known stays known.
    subscription = coalesce(excluded.subscription, p.subscription),
    payment_intent = coalesce(excluded.payment_intent, p.payment_intent),
    charge = coalesce(excluded.charge, p.charge),
    status = excluded.status,
    amount_due = excluded.amount_due,
    amount_paid = excluded.amount_paid,
    currency = excluded.currency,
    billing_reason = excluded.billing_reason,
    attempt_count = excluded.attempt_count,
    next_attempt_at = excluded.next_attempt_at,
    paid_at = coalesce(excluded.paid_at, p.paid_at),
    last_event = excluded.last_event,
    changed_at = excluded.changed_at;
$$;

create function finance.store_charge(fact jsonb)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into finance.charges as c
  select filled.* from jsonb_populate_record(null::finance.charges, fact) as filled
  on conflict (account, livemode, id) do update
  set
    customer = excluded.customer,
    payment_intent = coalesce(excluded.payment_intent, c.payment_intent),
    invoice = coalesce(excluded.invoice, c.invoice),
    amount = excluded.amount,
    amount_refunded = excluded.amount_refunded,
    currency = excluded.currency,
    last_event = excluded.last_event,
    changed_at = excluded.changed_at;

  insert into finance.refunds as r
  select filled.*
  from jsonb_array_elements(fact -> 'refunds') as refund
  -- Members of the refund win over those of the charge, except for what the charge says of both.
  cross join lateral jsonb_populate_record(
    null::finance.refunds, (fact - 'status') || refund || jsonb_build_object('charge', fact -> 'id')
  ) as filled
  order by filled.id
  on conflict (account, livemode, id) do update
  set
    charge = excluded.charge,
    customer = excluded.customer,
    status = excluded.status,
    amount = excluded.amount,
    currency = excluded.currency,
    reason = excluded.reason,
    refunded_at = excluded.refunded_at,
    last_event = excluded.last_event,
    changed_at = excluded.changed_at;
end
$$;

create function finance.store_checkout(fact jsonb)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into finance.checkout_sessions as x
  select filled.* from jsonb_populate_record(null::finance.checkout_sessions, fact) as filled
  on conflict (account, livemode, id) do update
  set
    mode = excluded.mode,
    customer = excluded.customer,
    subscription = excluded.subscription,
    user_id = excluded.user_id,
    payment_status = excluded.payment_status,
    payment_intent = excluded.payment_intent,
    invoice = excluded.invoice,
    amount_total = excluded.amount_total,
    currency = excluded.currency,
    last_event = excluded.last_event,
    changed_at = excluded.changed_at;

  -- A one-off payment. Where an invoice was made for it, the invoice's own event tells of the same money.
  if fact ->> 'mode' = 'payment' and fact ->> 'invoice' is null then
    perform finance.store_payment(
      fact || jsonb_build_object(
        'source', 'checkout',
        'status', fact -> 'payment_status',
        'amount_due', fact -> 'amount_total',
        'amount_paid', case when fact ->> 'payment_status' = 'paid' then fact -> 'amount_total' else '0' end,
        'paid_at', case when fact ->> 'payment_status' = 'paid' then fact -> 'changed_at' end
      )
    );
  end if;
end
$$;
