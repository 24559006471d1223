-- The brakes: never-list, blast radius, circuits. They are asked in the transaction that acts, immediately before.

-- The mode in which a playbook is now. A rule that asks for the first time observes for 14 days; then a person decides.
create function security.playbook_mode(p_tenant text, p_playbook text)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select modes.mode
  from (
    select coalesce(
      (
        select coalesce(p.mode, case when p.first_at > now() - interval '14 days' then 'observe' else 'approve' end)
        from security.playbooks as p
        where p.tenant = p_tenant and p.playbook = p_playbook
      ),
      'observe'
    ) as mode
    union all
    select p.mode from security.playbooks as p where p.tenant = p_tenant and p.playbook = '*' and p.mode is not null
  ) as modes
  order by security.mode_rank(modes.mode)
  limit 1
$$;

-- Whom and what an action would concern: { users: [ids], sessions, user, admin, other_admins, net, shared, unknown }.
-- Without p_look the users behind an address, who take a walk through all sessions, are left out.
create function security.action_facts(p_action jsonb, p_limits jsonb, p_look boolean default true)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  rung constant text := p_action ->> 'do';
  kind constant text := p_action #>> '{target,kind}';
  target constant text := p_action #>> '{target,id}';
  net constant inet := case when kind in ('ip', 'net') then security.to_net(target) end;
  roles constant text[] := array(select jsonb_array_elements_text(p_limits -> 'admin_roles'));
  subject uuid;
  facts jsonb := '{"users": [], "sessions": 0}';
  users uuid[];
begin
  if rung = 'notify' then
    return facts;
  end if;
  if kind in ('ip', 'net') then
    if net is null then
      return facts || '{"unknown": true}';
    end if;
    if not p_look then
      return facts || jsonb_build_object('net', net::text);
    end if;
    users := security_auth.users_at(net, now() - interval '24 hours');
    return facts || jsonb_build_object(
      'net', net::text,
      'shared', cardinality(users) >= (p_limits ->> 'shared_address_users')::integer,
      'users', case when rung in ('block_ip', 'block_range') then to_jsonb(users) else '[]' end,
      'users_at', cardinality(users)
    );
  end if;
  if kind = 'session' and security.is_uuid(target) then
    subject := security_auth.user_of_session(target::uuid);
    if subject is null then
      -- The session is over; a token of it may live on.
      return facts;
    end if;
  elsif kind = 'user' and security.is_uuid(target) then
    subject := target::uuid;
  elsif kind in ('user', 'session') then
    return facts || '{"unknown": true}';
  end if;
  if subject is not null then
    facts := facts || (security_auth.user_facts(subject, roles) - 'banned_until') || jsonb_build_object('user', subject);
    if not (facts ->> 'exists')::boolean then
      return facts || '{"unknown": true}';
    end if;
    facts := facts || jsonb_build_object('users', jsonb_build_array(subject));
    if kind = 'session' then
      facts := facts || '{"sessions": 1}';
    end if;
  end if;
  return facts;
end
$$;

-- The brake that holds an action, as { brake, ...figures }, or null. `breach`: somebody asks for too much altogether, which
-- opens a circuit. Raises when limits or never-list cannot be read or believed.
create function security.brake(p_plan security.plans, p_action jsonb, p_facts jsonb, p_people jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  limits constant jsonb := security.limits_of(p_plan.tenant);
  rung constant text := p_action ->> 'do';
  kind constant text := p_action #>> '{target,kind}';
  target constant text := p_action #>> '{target,id}';
  book constant text := p_plan.plan ->> 'playbook';
  net constant inet := (p_facts ->> 'net')::inet;
  subject constant text := p_facts ->> 'user';
  users constant uuid[] := array(select jsonb_array_elements_text(p_facts -> 'users')::uuid);
  class text;
  counted bigint;
  allowed bigint;
begin
  if rung = 'notify' then
    return null;
  end if;

  select c.playbook into class
  from security.circuits as c
  where c.tenant = p_plan.tenant and c.playbook in ('*', book) and c.closed_at is null
  limit 1;
  if found then
    return jsonb_build_object('brake', 'circuit', 'playbook', class);
  end if;

  -- Whom it must not hit. The list is asked first even for targets that it cannot name, so that an unreadable one stops all.
  class := security.never_listed(p_plan.tenant, kind, target, net);
  if class is null and subject is not null then
    class := security.never_listed(p_plan.tenant, 'user', subject, null);
  end if;
  -- Nor is the address shut behind which one of them is.
  if class is null and rung in ('block_ip', 'block_range') then
    select found.class into class
    from (
      select security.never_listed(p_plan.tenant, 'user', u.id::text, null) as class from unnest(users) as u (id)
    ) as found
    where found.class is not null
    limit 1;
  end if;
  if class is not null then
    return jsonb_build_object('brake', 'never_list', 'class', class);
  end if;
  if subject is not null and p_people -> 'users' ? subject
    or exists (select from jsonb_array_elements_text(p_people -> 'ips') as ip where ip.value::inet <<= net)
  then
    return '{"brake": "never_list", "class": "person"}';
  end if;
  if (p_facts ->> 'admin')::boolean and (p_facts ->> 'other_admins')::integer = 0
    and rung in ('revoke_session', 'revoke_sessions', 'lock_user')
  then
    return '{"brake": "last_admin"}';
  end if;
  if (p_facts ->> 'unknown')::boolean then
    return '{"brake": "unknown_target"}';
  end if;
  if p_facts ->> 'shared' = 'true' and rung in ('block_ip', 'block_range') and p_plan.mode <> 'approve' then
    return jsonb_build_object('brake', 'shared_address', 'users', p_facts -> 'users_at');
  end if;
  if net is not null and rung in ('block_ip', 'block_range') then
    if masklen(net) < (case family(net) when 4 then 16 else 32 end)
      or p_plan.mode <> 'approve'
      and masklen(net) < (limits ->> case family(net) when 4 then 'widest_v4' else 'widest_v6' end)::integer
    then
      return jsonb_build_object('brake', 'range', 'bits', masklen(net));
    end if;
  end if;

  -- How much it would be, together with what has been done.
  select count(*) into counted
  from security.plan_actions as a
  where a.tenant = p_plan.tenant
    and a.playbook = book
    and a.rung <> 'notify'
    and a.acted_at > now() - interval '1 hour'
    and a.state in ('done', 'reverted', 'over');
  allowed := (limits ->> 'actions_per_hour')::bigint;
  if counted + 1 > allowed then
    return jsonb_build_object('brake', 'actions_per_hour', 'count', counted + 1, 'allowed', allowed, 'breach', book);
  end if;

  if rung in ('block_ip', 'block_range') then
    select count(*) into counted
    from security.plan_actions as a
    where a.tenant = p_plan.tenant
      and a.rung in ('block_ip', 'block_range')
      and a.acted_at > now() - interval '10 minutes'
      and a.state in ('done', 'reverted', 'over');
    allowed := (limits ->> 'ips_per_10_min')::bigint;
    if counted + 1 > allowed then
      return jsonb_build_object('brake', 'ips_per_10_min', 'count', counted + 1, 'allowed', allowed, 'breach', '*');
    end if;
  end if;

  if cardinality(users) > 0 then
    select count(distinct concerned.id) into counted
    from (
      select unnest(a.affected) as id
      from security.plan_actions as a
      where a.tenant = p_plan.tenant
        and a.acted_at > now() - interval '1 hour'
        and a.state in ('done', 'reverted', 'over')
      union all
      select unnest(users)
    ) as concerned;
    allowed := least(
      (limits ->> 'users_per_hour')::bigint,
      greatest(
        (limits ->> 'users_floor')::bigint,
        floor((limits ->> 'users_share')::numeric * security_auth.active_users(now() - interval '30 days'))::bigint
      )
    );
    if counted > allowed then
      return jsonb_build_object('brake', 'users_per_hour', 'count', counted, 'allowed', allowed, 'breach', '*');
    end if;
  end if;
  return null;
end
$$;

call bees.seal('security');
