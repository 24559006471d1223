-- What one would call payments, and what remains of each.

create view finance.payments as
select
  i.account, i.livemode, i.id, 'invoice'::text as source, i.customer, i.subscription, i.payment_intent, i.charge,
  i.status, i.amount_due, i.amount_paid, i.currency, i.billing_reason, i.attempt_count, i.next_attempt_at, i.made_at,
  i.paid_at, i.last_event, i.changed_at
from finance.invoices as i
where i.status is distinct from 'draft' and i.status is distinct from 'deleted'
union all
select
  p.account, p.livemode, p.id, 'payment_intent', p.customer, null, p.id, p.latest_charge, p.status, p.amount,
  p.amount_received, p.currency, null, null, null, p.made_at, null, p.last_event, p.changed_at
from finance.payment_intents as p
where p.invoice is null
  -- Since basil it is for the others to say that it pays an invoice.
  and not exists (
    select from finance.invoices as i
    where i.account = p.account and i.livemode = p.livemode and i.payment_intent = p.id
  )
  and not exists (
    select from finance.invoice_payments as y
    where y.account = p.account and y.livemode = p.livemode and y.payment_intent = p.id and y.invoice is not null
  )
  and not exists (
    select from finance.charges as c
    where c.account = p.account and c.livemode = p.livemode and c.payment_intent = p.id and c.invoice is not null
  )
  and not exists (
    select from finance.checkout_sessions as x
    where x.account = p.account and x.livemode = p.livemode and x.payment_intent = p.id and x.invoice is not null
  )
union all
-- While nothing has been heard of the payment intent itself.
select
  x.account, x.livemode, x.id, 'checkout', x.customer, null, x.payment_intent, null, x.payment_status, x.amount_total,
  x.amount_total, x.currency, null, null, null, x.made_at, null, x.last_event, x.changed_at
from finance.checkout_sessions as x
where x.mode = 'payment'
  and x.payment_status = 'paid'
  and x.invoice is null
  and not exists (
    select from finance.payment_intents as p
    where p.account = x.account and p.livemode = x.livemode and p.id = x.payment_intent
  )
  and not exists (
    select from finance.invoices as i
    where i.account = x.account and i.livemode = x.livemode and i.payment_intent = x.payment_intent
  )
  and not exists (
    select from finance.invoice_payments as y
    where y.account = x.account and y.livemode = x.livemode and y.payment_intent = x.payment_intent
      and y.invoice is not null
  );

-- By which payment intents and charges each payment was made, each shape telling it at another place.
create view finance.payment_ways as
select account, livemode, id as payment, payment_intent, charge from finance.invoices
union all
select account, livemode, invoice, payment_intent, charge from finance.invoice_payments where invoice is not null
union all
select account, livemode, invoice, payment_intent, id from finance.charges where invoice is not null
union all
select account, livemode, invoice, id, latest_charge from finance.payment_intents where invoice is not null
union all
select account, livemode, id, id, latest_charge from finance.payment_intents
union all
select account, livemode, id, payment_intent, null from finance.checkout_sessions where payment_intent is not null;

-- The same gathered, with all charges of those payment intents.
create function finance.sources_of(
  p_account text, p_livemode boolean, p_payment text, out intents text[], out charges text[]
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  select
    coalesce(array_agg(distinct w.payment_intent) filter (where w.payment_intent is not null), '{}'),
    coalesce(array_agg(distinct w.charge) filter (where w.charge is not null), '{}')
  into intents, charges
  from finance.payment_ways as w
  where w.account = p_account and w.livemode = p_livemode and w.payment = p_payment;

  charges := array(
    select c.id
    from finance.charges as c
    where c.account = p_account and c.livemode = p_livemode and c.payment_intent = any (intents)
    union
    select unnest(charges)
  );
end
$$;

create function finance.is_open_dispute(status text)
returns boolean
language sql
immutable
return coalesce(status not in ('won', 'lost', 'warning_closed', 'prevented'), true);

-- amount_net is what is there for good. Money that a dispute holds back for now is told beside it.
create view finance.payment_nets as
select
  p.account, p.livemode, p.id, p.customer, p.currency, p.status,
  coalesce(p.amount_paid, 0) as amount_paid,
  refunded.amount + untold.amount as amount_refunded,
  disputed.lost as amount_lost,
  disputed.withheld as amount_withheld,
  coalesce(p.amount_paid, 0) - refunded.amount - untold.amount - disputed.lost as amount_net
from finance.payments as p
cross join lateral finance.sources_of(p.account, p.livemode, p.id) as source
cross join lateral (
  select coalesce(sum(r.amount) filter (where r.status is null or r.status not in ('failed', 'canceled')), 0)::bigint
    as amount
  from finance.refunds as r
  where r.account = p.account
    and r.livemode = p.livemode
    and (r.charge = any (source.charges) or r.payment_intent = any (source.intents))
) as refunded
cross join lateral (
  -- What the charges' running totals say beyond all refunds that we know: those that failed are in an older total.
  select coalesce(sum(greatest(0, c.amount_refunded - known.amount)), 0)::bigint as amount
  from finance.charges as c
  cross join lateral (
    select coalesce(sum(r.amount), 0)::bigint as amount
    from finance.refunds as r
    where r.account = c.account and r.livemode = c.livemode and r.charge = c.id
  ) as known
  where c.account = p.account and c.livemode = p.livemode and c.id = any (source.charges)
) as untold
cross join lateral (
  select
    coalesce(sum(d.amount) filter (where d.status = 'lost'), 0)::bigint as lost,
    coalesce(sum(d.amount) filter (where finance.is_open_dispute(d.status) and d.balance < 0), 0)::bigint as withheld
  from finance.disputes as d
  where d.account = p.account
    and d.livemode = p.livemode
    and (d.charge = any (source.charges) or d.payment_intent = any (source.intents))
) as disputed;

call bees.seal('finance');
