-- Sets plans and policy of one account and mode as a whole. Every later recomputation goes by them.
create function finance.set_policy(input jsonb)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_account constant text := input ->> 'account';
  v_livemode constant boolean := input -> 'livemode';
begin
  -- Before the profiles, which the next steps lock; two settings at once come one after the other.
  perform bees.lock_subject('finance:policy', v_account, v_livemode::text);

  insert into finance.policies (account, livemode, past_due_grace, dispute)
  values (
    v_account, v_livemode, make_interval(days => (input -> 'past_due_grace_days')::integer), input ->> 'dispute'
  )
  on conflict (account, livemode) do update
  set past_due_grace = excluded.past_due_grace, dispute = excluded.dispute;

  delete from finance.plans as p
  where p.account = v_account and p.livemode = v_livemode
    and p.price not in (select one ->> 'price' from jsonb_array_elements(input -> 'plans') as one);

  insert into finance.plans (account, livemode, price, plan, rank)
  select v_account, v_livemode, one ->> 'price', one ->> 'plan', (one -> 'rank')::integer
  from jsonb_array_elements(input -> 'plans') as one
  on conflict (account, livemode, price) do update
  set plan = excluded.plan, rank = excluded.rank;
end
$$;

-- The next users after one of them, in the order of their ids: returns the last, or null when there are no more.
create function finance.recompute_users(input jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_account constant text := input ->> 'account';
  v_livemode constant boolean := input -> 'livemode';
  v_limit constant integer := input -> 'limit';
  v_user text;
  v_users integer := 0;
begin
  for v_user in
    select u.user_id
    from finance.user_profiles as u
    where u.account = v_account and u.livemode = v_livemode
      and (input ->> 'after' is null or u.user_id collate "C" > input ->> 'after')
    order by u.user_id collate "C"
    limit v_limit
  loop
    perform finance.recompute(v_account, v_livemode, v_user);
    v_users := v_users + 1;
  end loop;
  return jsonb_build_object('next', case when v_users = v_limit then v_user end, 'users', v_users);
end
$$;

create index user_profiles_order on finance.user_profiles (account, livemode, user_id collate "C");

create function bee_tasks.finance__set_entitlement_policy(input jsonb, call jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  case input ->> 'op'
    when 'set' then
      perform finance.set_policy(input);
      return jsonb_build_object('plans', jsonb_array_length(input -> 'plans'));
    when 'recompute' then
      return finance.recompute_users(input);
    else
      raise exception 'finance: unknown operation: %', input ->> 'op' using errcode = '22023';
  end case;
end
$$;

call bees.seal('finance');
call bees.seal('bee_tasks');
