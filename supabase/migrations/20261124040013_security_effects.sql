-- What an action does, how it is lifted, and whether it is so.

-- What an action is about, as it is now: what is compared before and after.
create function security.response_state(p_kind text, p_target text)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return jsonb_strip_nulls(jsonb_build_object(
    'sessions', case
      when p_kind = 'user' then security_auth.sessions_state(p_target::uuid, null)
      when p_kind = 'session' then security_auth.sessions_state(null, p_target::uuid)
    end,
    'banned_until', case when p_kind = 'user' then bees.rfc3339(security_auth.ban_of(p_target::uuid)) end,
    'restrictions', (
      select jsonb_agg(
        jsonb_build_array(r.plan, r.n, r.measure, bees.rfc3339(r.until), bees.rfc3339(r.issued_before))
        order by r.plan, r.n, r.measure
      )
      from security.restrictions as r
      where r.kind = p_kind and r.target = p_target
    )
  ));
end
$$;

-- Until when a user is banned by all locks of ours on top of what we found; null when there is none of ours.
create function security.locked_until(p_user text)
returns timestamptz
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select greatest(max(r.until), max(r.foreign_ban))
  from security.restrictions as r
  where r.measure = 'lock' and r.kind = 'user' and r.target = p_user
$$;

-- The effect of one action. Returns the id of the kept sessions, where there were any.
create function security.take_effect(p_plan security.plans, p_action jsonb, p_facts jsonb, p_limits jsonb)
returns uuid
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_n constant integer := (p_action ->> 'n')::integer;
  v_rung constant text := p_action ->> 'do';
  v_kind constant text := p_action #>> '{target,kind}';
  v_target constant text := p_action #>> '{target,id}';
  v_reason constant text := left(p_plan.plan ->> 'title', 300);
  v_until constant timestamptz := now() + coalesce(
    make_interval(secs => (p_action ->> 'duration_s')::integer), interval '100 years'
  );
  -- A token may be used as long as this, whatever becomes of its session.
  token_until constant timestamptz := now() + make_interval(secs => (p_limits ->> 'jwt_lifetime_s')::integer + 120);
  revoked jsonb;
  ban timestamptz;
  base timestamptz;
begin
  if v_rung in ('revoke_session', 'revoke_sessions') then
    if p_facts ? 'user' then
      revoked := security_auth.revoke_sessions(
        (p_facts ->> 'user')::uuid, case v_rung when 'revoke_session' then v_target::uuid end
      );
      insert into security.restrictions (plan, n, tenant, measure, kind, target, reason, until)
      select p_plan.id, v_n, p_plan.tenant, 'deny', 'session', s.value, v_reason, greatest(v_until, token_until)
      from jsonb_array_elements_text(revoked -> 'sessions') as s;
    end if;
    if v_rung = 'revoke_session' then
      insert into security.restrictions (plan, n, tenant, measure, kind, target, reason, until)
      values (p_plan.id, v_n, p_plan.tenant, 'deny', 'session', v_target, v_reason, greatest(v_until, token_until))
      on conflict do nothing;
    else
      -- Tokens of sessions that are over already. A token of a sign-in after this moment is a new matter.
      insert into security.restrictions (plan, n, tenant, measure, kind, target, issued_before, reason, until)
      values (
        p_plan.id, v_n, p_plan.tenant, 'deny', 'user', v_target, date_trunc('second', clock_timestamp()), v_reason,
        greatest(v_until, token_until)
      );
    end if;
    return (revoked ->> 'revocation')::uuid;
  end if;

  if v_rung = 'lock_user' then
    ban := security_auth.ban_of(v_target::uuid);
    base := ban;
    if ban is not null and ban = security.locked_until(v_target) then
      select r.foreign_ban into base
      from security.restrictions as r
      where r.measure = 'lock' and r.kind = 'user' and r.target = v_target
      order by r.foreign_ban desc nulls last
      limit 1;
    end if;
    insert into security.restrictions (plan, n, tenant, measure, kind, target, foreign_ban, reason, until)
    values (p_plan.id, v_n, p_plan.tenant, 'lock', 'user', v_target, base, v_reason, v_until);
    if security_auth.set_ban(v_target::uuid, greatest(ban, v_until), ban) <> 'set' then
      raise exception 'the user could not be locked' using errcode = 'SB003';
    end if;
    return null;
  end if;

  insert into security.restrictions (plan, n, tenant, measure, kind, target, net, reason, until)
  values (
    p_plan.id, v_n, p_plan.tenant,
    case when v_rung in ('challenge', 'throttle') then v_rung else 'deny' end,
    v_kind, v_target, (p_facts ->> 'net')::inet, v_reason, v_until
  );
  return null;
end
$$;

-- Takes away what an action has restricted. `changed`: somebody else has changed the ban since; it was left as it is.
create function security.lift_restrictions(p_plan text, p_n integer)
returns text
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  lock record;
  expected timestamptz;
  outcome text := 'lifted';
begin
  for lock in
    select r.target, r.foreign_ban
    from security.restrictions as r
    where r.plan = p_plan and r.n = p_n and r.measure = 'lock' and r.kind = 'user'
  loop
    expected := security.locked_until(lock.target);
    delete from security.restrictions as r
    where r.plan = p_plan and r.n = p_n and r.measure = 'lock' and r.kind = 'user' and r.target = lock.target;
    -- Whoever stays remembers what this one found: else a ban that somebody set between two locks would end with them.
    update security.restrictions as r
    set foreign_ban = greatest(r.foreign_ban, lock.foreign_ban)
    where r.measure = 'lock' and r.kind = 'user' and r.target = lock.target and lock.foreign_ban is not null;
    outcome := security_auth.set_ban(
      lock.target::uuid, coalesce(security.locked_until(lock.target), lock.foreign_ban), expected
    );
    outcome := case outcome when 'set' then 'lifted' else outcome end;
  end loop;
  delete from security.restrictions as r where r.plan = p_plan and r.n = p_n;
  return outcome;
end
$$;

-- What is not as it should be after an action; null when everything is.
create function security.effect_problem(p_done security.plan_actions)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  revoked uuid[];
begin
  if p_done.rung = 'notify' then
    return null;
  end if;
  if p_done.state = 'done' then
    if not exists (
      select from security.restrictions as r where r.plan = p_done.plan and r.n = p_done.n
    ) then
      return 'no restriction is in force';
    end if;
    if p_done.rung = 'lock_user' and coalesce(security_auth.ban_of(p_done.target::uuid), '-infinity') <= now()
      and exists (
        select from security.restrictions as r where r.plan = p_done.plan and r.n = p_done.n and r.until > now()
      )
    then
      return 'the user is not banned';
    end if;
    select array_agg(r.target::uuid) into revoked
    from security.restrictions as r
    where r.plan = p_done.plan and r.n = p_done.n and r.kind = 'session';
    if security_auth.sessions_alive(revoked) > 0 then
      return 'a revoked session is there';
    end if;
    return null;
  end if;
  if exists (select from security.restrictions as r where r.plan = p_done.plan and r.n = p_done.n) then
    return 'a restriction is still in force';
  end if;
  return null;
end
$$;

call bees.seal('security');
