-- Who may use what: a pure function of the objects' rows, plans and policy.

-- Whether a dispute takes away what the invoice has paid for: a lost one always, an open one while it holds the money.
create function finance.is_disputed(p_account text, p_livemode boolean, p_invoice text, p_policy text)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  source record;
begin
  source := finance.sources_of(p_account, p_livemode, p_invoice);
  return exists (
    select from finance.disputes as d
    where d.account = p_account
      and d.livemode = p_livemode
      and (d.charge = any (source.charges) or d.payment_intent = any (source.intents))
      and (
        d.status = 'lost'
        or (p_policy = 'revoke_while_open' and finance.is_open_dispute(d.status) and d.balance < 0)
      )
  );
end
$$;

-- What each subscription item of a user is worth. No row for customers without a user and for deleted ones.
create view finance.item_standings as
select
  i.account, i.livemode, c.user_id, s.customer, i.subscription, i.id as item, s.known_status as status,
  coalesce(p.plan, i.lookup_key, i.price) as plan,
  coalesce(p.rank, 0) as rank,
  finance.status_grants(s.known_status) and not held.unpaid and not held.disputed as granted,
  -- The earliest of what can end it; least() passes over nulls.
  least(
    i.period_end,
    s.cancel_at,
    -- From the start of the period that was not paid, whenever we heard of it.
    case when s.known_status = 'past_due' then i.period_start + coalesce(o.past_due_grace, finance.past_due_grace()) end
  ) as until
from finance.subscription_items as i
join finance.subscriptions as s
  on s.account = i.account and s.livemode = i.livemode and s.id = i.subscription
join finance.customers as c
  on c.account = s.account and c.livemode = s.livemode and c.id = s.customer
left join finance.plans as p
  on p.account = i.account and p.livemode = i.livemode and p.price = i.price
left join finance.policies as o
  on o.account = i.account and o.livemode = i.livemode
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
      select from finance.invoices as m
      where m.account = s.account and m.livemode = s.livemode and m.subscription = s.id and m.status = 'paid'
    ) as unpaid,
    coalesce(o.dispute, 'keep') <> 'keep'
    and exists (
      select from finance.invoices as m
      where m.account = s.account and m.livemode = s.livemode and m.subscription = s.id
        and finance.is_disputed(m.account, m.livemode, m.id, o.dispute)
    ) as disputed
) as held
where c.user_id is not null and c.deleted_at is null;

create function finance.entitlement_of(profile finance.user_profiles)
returns jsonb
language sql
stable
return pg_catalog.jsonb_build_object(
  'entitled', profile.entitled,
  'plan', profile.plan,
  'status', profile.status,
  'until', bees.rfc3339(profile.entitled_until),
  'flagged', profile.flagged
);

-- Writes the user's entitlement anew from all rows. The profile's row lock lets one customer of the user after the
-- other do this; whoever is last sees what all the others have committed.
create or replace function finance.recompute(p_account text, p_livemode boolean, p_user_id text)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  before finance.user_profiles;
  profile finance.user_profiles;
  best finance.item_standings;
  latest record;
begin
  select u.* into before
  from finance.user_profiles as u
  where u.account = p_account and u.livemode = p_livemode and u.user_id = p_user_id
  for update;

  if not found then
    insert into finance.user_profiles (account, livemode, user_id)
    values (p_account, p_livemode, p_user_id)
    on conflict (account, livemode, user_id) do nothing;

    select u.* into strict before
    from finance.user_profiles as u
    where u.account = p_account and u.livemode = p_livemode and u.user_id = p_user_id
    for update;
  end if;

  select t.* into best
  from finance.item_standings as t
  where t.account = p_account and t.livemode = p_livemode and t.user_id = p_user_id and t.granted
  order by t.rank desc, t.until desc nulls first, t.subscription collate "C", t.item collate "C"
  limit 1;

  -- What it says beyond the standings: the latest subscription, and whether there is one with an unknown status.
  select
    (array_agg(s.id order by s.made_at desc nulls last, s.id collate "C" desc))[1] as id,
    (array_agg(s.known_status order by s.made_at desc nulls last, s.id collate "C" desc))[1] as status,
    coalesce(bool_or(s.status is distinct from s.known_status), false) as flagged
  into latest
  from finance.subscriptions as s
  join finance.customers as c on c.account = s.account and c.livemode = s.livemode and c.id = s.customer
  where s.account = p_account and s.livemode = p_livemode and c.user_id = p_user_id;

  profile := before;
  profile.entitled := best.item is not null;
  profile.plan := best.plan;
  profile.status := coalesce(best.status, latest.status);
  profile.subscription := coalesce(best.subscription, latest.id);
  profile.flagged := latest.flagged;

  -- The best one ends last of its plan, unless one of the same plan has a lower rank.
  select nullif(max(coalesce(t.until, 'infinity')), 'infinity') into profile.entitled_until
  from finance.item_standings as t
  where t.account = p_account and t.livemode = p_livemode and t.user_id = p_user_id and t.granted
    and t.plan is not distinct from best.plan;

  select c.id into profile.customer
  from finance.customers as c
  where c.account = p_account and c.livemode = p_livemode and c.user_id = p_user_id
  order by (c.id = best.customer) desc nulls last, c.linked_at desc nulls last, c.id collate "C"
  limit 1;

  if profile is distinct from before then
    update finance.user_profiles as u
    set
      customer = profile.customer,
      entitled = profile.entitled,
      plan = profile.plan,
      status = profile.status,
      subscription = profile.subscription,
      entitled_until = profile.entitled_until,
      flagged = profile.flagged,
      changed_at = now()
    where u.account = p_account and u.livemode = p_livemode and u.user_id = p_user_id;
  end if;

  return finance.entitlement_of(profile);
end
$$;

-- Their grace has begun with the event that told of it; it begins with the period from now on.
select finance.recompute(u.account, u.livemode, u.user_id)
from finance.user_profiles as u
where exists (
  select from finance.subscriptions as s
  join finance.customers as c on c.account = s.account and c.livemode = s.livemode and c.id = s.customer
  where c.account = u.account and c.livemode = u.livemode and c.user_id = u.user_id and s.known_status = 'past_due'
);

call bees.seal('finance');
