-- Writes one fact. Each function takes the normal form's `fact`, to which account, livemode, customer, last_event and
-- changed_at have been added; its members are called like the columns. The guard has been asked.
--
-- A row says what its object says now. Two kinds of members are kept where the fact has none: to which invoice a charge or
-- a payment intent belongs, which only one of Stripe's shapes tells and which never changes, and the customer of objects
-- that do not name theirs.

drop function finance.store_payment(jsonb);
drop function finance.store_charge(jsonb);
drop function finance.store_checkout(jsonb);
drop function finance.store_subscription(jsonb);

create function finance.store_checkout_session(fact jsonb)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into finance.checkout_sessions as o
  select filled.* from jsonb_populate_record(null::finance.checkout_sessions, fact) as filled
  on conflict (account, livemode, id) do update
  set
    made_at = excluded.made_at,
    mode = excluded.mode,
    status = excluded.status,
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
end
$$;

create function finance.store_invoice(fact jsonb)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into finance.invoices as o
  select filled.* from jsonb_populate_record(null::finance.invoices, fact) as filled
  on conflict (account, livemode, id) do update
  set
    made_at = excluded.made_at,
    customer = excluded.customer,
    status = excluded.status,
    subscription = excluded.subscription,
    -- Null since basil. An old one is worse than none, since they change; invoice payments tell it too.
    payment_intent = excluded.payment_intent,
    charge = excluded.charge,
    total = excluded.total,
    amount_due = excluded.amount_due,
    amount_paid = excluded.amount_paid,
    currency = excluded.currency,
    billing_reason = excluded.billing_reason,
    attempt_count = excluded.attempt_count,
    next_attempt_at = excluded.next_attempt_at,
    paid_at = excluded.paid_at,
    last_event = excluded.last_event,
    changed_at = excluded.changed_at;
end
$$;

create function finance.store_invoice_payment(fact jsonb)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into finance.invoice_payments as o
  select filled.* from jsonb_populate_record(null::finance.invoice_payments, fact) as filled
  on conflict (account, livemode, id) do update
  set
    made_at = excluded.made_at,
    customer = coalesce(excluded.customer, o.customer),
    invoice = excluded.invoice,
    payment_intent = excluded.payment_intent,
    charge = excluded.charge,
    status = excluded.status,
    amount_paid = excluded.amount_paid,
    currency = excluded.currency,
    paid_at = excluded.paid_at,
    last_event = excluded.last_event,
    changed_at = excluded.changed_at;
end
$$;

create function finance.store_payment_intent(fact jsonb)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into finance.payment_intents as o
  select filled.* from jsonb_populate_record(null::finance.payment_intents, fact) as filled
  on conflict (account, livemode, id) do update
  set
    made_at = excluded.made_at,
    customer = excluded.customer,
    status = excluded.status,
    amount = excluded.amount,
    amount_received = excluded.amount_received,
    currency = excluded.currency,
    latest_charge = excluded.latest_charge,
    invoice = coalesce(excluded.invoice, o.invoice),
    last_event = excluded.last_event,
    changed_at = excluded.changed_at;
end
$$;

create function finance.store_charge(fact jsonb)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into finance.charges as o
  select filled.* from jsonb_populate_record(null::finance.charges, fact) as filled
  on conflict (account, livemode, id) do update
  set
    made_at = excluded.made_at,
    customer = excluded.customer,
    payment_intent = excluded.payment_intent,
    invoice = coalesce(excluded.invoice, o.invoice),
    status = excluded.status,
    amount = excluded.amount,
    amount_captured = excluded.amount_captured,
    amount_refunded = excluded.amount_refunded,
    currency = excluded.currency,
    last_event = excluded.last_event,
    changed_at = excluded.changed_at;
end
$$;

create function finance.store_refund(fact jsonb)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into finance.refunds as o
  select filled.* from jsonb_populate_record(null::finance.refunds, fact) as filled
  on conflict (account, livemode, id) do update
  set
    made_at = excluded.made_at,
    customer = coalesce(excluded.customer, o.customer),
    charge = excluded.charge,
    payment_intent = excluded.payment_intent,
    status = excluded.status,
    amount = excluded.amount,
    currency = excluded.currency,
    reason = excluded.reason,
    failure_reason = excluded.failure_reason,
    last_event = excluded.last_event,
    changed_at = excluded.changed_at;
end
$$;

create function finance.store_dispute(fact jsonb)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into finance.disputes as o
  select filled.* from jsonb_populate_record(null::finance.disputes, fact) as filled
  on conflict (account, livemode, id) do update
  set
    made_at = excluded.made_at,
    customer = coalesce(excluded.customer, o.customer),
    charge = excluded.charge,
    payment_intent = excluded.payment_intent,
    status = excluded.status,
    reason = excluded.reason,
    amount = excluded.amount,
    currency = excluded.currency,
    balance = excluded.balance,
    last_event = excluded.last_event,
    changed_at = excluded.changed_at;
end
$$;

create function finance.store_credit_note(fact jsonb)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into finance.credit_notes as o
  select filled.* from jsonb_populate_record(null::finance.credit_notes, fact) as filled
  on conflict (account, livemode, id) do update
  set
    made_at = excluded.made_at,
    customer = excluded.customer,
    invoice = excluded.invoice,
    status = excluded.status,
    type = excluded.type,
    amount = excluded.amount,
    currency = excluded.currency,
    reason = excluded.reason,
    refund = excluded.refund,
    last_event = excluded.last_event,
    changed_at = excluded.changed_at;
end
$$;

create function finance.store_customer(fact jsonb)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into finance.customers as o (
    account, livemode, id, made_at, delinquent, currency, deleted_at, last_event, changed_at
  )
  select
    filled.account, filled.livemode, filled.id, filled.made_at, filled.delinquent, filled.currency,
    case when (fact ->> 'deleted')::boolean then filled.changed_at end, filled.last_event, filled.changed_at
  from jsonb_populate_record(null::finance.customers, fact) as filled
  on conflict (account, livemode, id) do update
  set
    made_at = excluded.made_at,
    delinquent = excluded.delinquent,
    currency = excluded.currency,
    deleted_at = excluded.deleted_at,
    last_event = excluded.last_event,
    changed_at = excluded.changed_at;
end
$$;

call bees.seal('finance');
