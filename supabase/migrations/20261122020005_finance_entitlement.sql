-- What each subscription item of a user is worth: a pure function of the rows. No row for customers without a user and
-- for deleted ones.
create view finance.item_standings as
select
  i.account, i.livemode, c.user_id, s.customer, i.subscription, i.id as item, s.known_status as status,
  coalesce(p.plan, i.lookup_key, i.price) as plan,
  coalesce(p.rank, 0) as rank,
  finance.status_grants(s.known_status) and not held.unpaid as granted,
  -- The earliest of what can end it; least() passes over nulls.
  least(
    i.period_end,
    s.cancel_at,
    case when s.known_status = 'past_due' then s.status_since + finance.past_due_grace() end
  ) as until
from finance.subscription_items as i
join finance.subscriptions as s
  on s.account = i.account and s.livemode = i.livemode and s.id = i.subscription
join finance.customers as c
  on c.account = s.account and c.livemode = s.livemode and c.id = s.customer
left join finance.plans as p
  on p.account = i.account and p.livemode = i.livemode and p.price = i.price
cross join lateral (
  -- A checkout with a delayed payment method completes before the money is there.
  select
    exists (
      select from finance.checkout_sessions as x
      where x.account = s.account
        and x.livemode = s.livemode
        and x.subscription = s.id
        and coalesce(x.payment_status, '') not in ('paid', 'no_payment_required')
    )
    and not exists (
      select from finance.payments as m
      where m.account = s.account and m.livemode = s.livemode and m.subscription = s.id and m.status = 'paid'
    ) as unpaid
) as held
where c.user_id is not null and c.deleted_at is null;

-- Writes the user's entitlement anew from all rows. The profile's row lock lets one customer of the user after the
-- other do this; whoever is last sees what all the others have committed.
create function finance.recompute(p_account text, p_livemode boolean, p_user_id text)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  best finance.item_standings;
  latest finance.subscriptions;
  v_until timestamptz;
  v_flagged boolean;
  v_customer text;
begin
  insert into finance.user_profiles (account, livemode, user_id)
  values (p_account, p_livemode, p_user_id)
  on conflict (account, livemode, user_id) do nothing;

  perform from finance.user_profiles as u
  where u.account = p_account and u.livemode = p_livemode and u.user_id = p_user_id
  for update;

  select t.* into best
  from finance.item_standings as t
  where t.account = p_account and t.livemode = p_livemode and t.user_id = p_user_id and t.granted
  order by t.rank desc, t.until desc nulls first, t.subscription, t.item
  limit 1;

  -- No end at all counts as later than any.
  select nullif(max(coalesce(t.until, 'infinity')), 'infinity') into v_until
  from finance.item_standings as t
  where t.account = p_account and t.livemode = p_livemode and t.user_id = p_user_id and t.granted
    and t.plan is not distinct from best.plan;

  select s.* into latest
  from finance.subscriptions as s
  join finance.customers as c on c.account = s.account and c.livemode = s.livemode and c.id = s.customer
  where s.account = p_account and s.livemode = p_livemode and c.user_id = p_user_id
  order by s.changed_at desc, s.id
  limit 1;

  select coalesce(bool_or(s.status is distinct from s.known_status), false) into v_flagged
  from finance.subscriptions as s
  join finance.customers as c on c.account = s.account and c.livemode = s.livemode and c.id = s.customer
  where s.account = p_account and s.livemode = p_livemode and c.user_id = p_user_id;

  select c.id into v_customer
  from finance.customers as c
  where c.account = p_account and c.livemode = p_livemode and c.user_id = p_user_id
  order by (c.id = best.customer) desc nulls last, c.linked_at desc, c.id
  limit 1;

  update finance.user_profiles as u
  set
    customer = v_customer,
    entitled = best.item is not null,
    plan = best.plan,
    status = coalesce(best.status, latest.known_status),
    subscription = coalesce(best.subscription, latest.id),
    entitled_until = v_until,
    flagged = v_flagged,
    changed_at = now()
  where u.account = p_account and u.livemode = p_livemode and u.user_id = p_user_id
    and (u.customer, u.entitled, u.plan, u.status, u.subscription, u.entitled_until, u.flagged) is distinct from (
      v_customer, best.item is not null, best.plan, coalesce(best.status, latest.known_status),
      coalesce(best.subscription, latest.id), v_until, v_flagged
    );

  return jsonb_build_object(
    'entitled', best.item is not null,
    'plan', best.plan,
    'status', coalesce(best.status, latest.known_status),
    'until', bees.rfc3339(v_until),
    'flagged', v_flagged
  );
end
$$;
