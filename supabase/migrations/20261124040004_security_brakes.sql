-- The brakes: limits, never-list, blast radius, circuits. They are asked in the transaction that acts, immediately before,
-- and whatever cannot be read or believed counts as no.

-- Errors that pass by themselves: the transaction is repeated, and nothing is concluded from them.
create function security.is_passing(p_sqlstate text)
returns boolean
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$ select left(p_sqlstate, 2) in ('08', '40', '53', '57') or p_sqlstate = '55P03' $$;

-- The rungs of the ladder, mildest first.
create function security.rung_rank(p_rung text)
returns integer
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select array_position(
    array[
      'notify', 'challenge', 'throttle', 'revoke_session', 'revoke_sessions', 'disable_key', 'lock_user', 'block_ip',
      'block_range'
    ],
    p_rung
  )
$$;

create function security.mode_rank(p_mode text)
returns integer
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$ select array_position(array['observe', 'dry_run', 'approve', 'auto'], p_mode) $$;

create function security.severity_rank(p_severity text)
returns integer
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$ select array_position(array['info', 'low', 'medium', 'high', 'critical'], p_severity) $$;

create function security.is_uuid(p_text text)
returns boolean
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$ select coalesce(p_text ~* '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$', false) $$;

-- An address or range; null when it is none. IPv4 inside IPv6 is IPv4 here, or it would walk around every list.
create function security.to_net(p_text text)
returns inet
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  parsed inet;
begin
  if p_text is null or p_text !~ '^[0-9a-fA-F:.]{2,45}(/[0-9]{1,3})?$' then
    return null;
  end if;
  parsed := p_text::inet;
  if family(parsed) = 6 and parsed << '::ffff:0:0/96'::inet and masklen(parsed) >= 96 then
    parsed := set_masklen(substring(host(parsed) from '[0-9.]+$')::inet, masklen(parsed) - 96);
  end if;
  return network(parsed)::inet;
exception
  when invalid_text_representation then
    return null;
end
$$;

-- What is wrong with limits; null when nothing is. A limit beyond reason is a mistake or an attack, not a wish.
create function security.limits_problem(p_limits jsonb)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  expected record;
  value numeric;
begin
  if jsonb_typeof(p_limits) is distinct from 'object' then
    return 'expected an object';
  end if;
  for expected in
    select * from (
      values
      ('users_share', 0::numeric, 0.05::numeric), ('users_floor', 0, 10), ('users_per_hour', 0, 1000),
      ('ips_per_10_min', 0, 10000), ('actions_per_hour', 0, 10000), ('widest_v4', 16, 32), ('widest_v6', 32, 128),
      ('shared_address_users', 1, 1000), ('jwt_lifetime_s', 60, 604800), ('block_start_s', 60, 86400),
      ('block_cap_s', 60, 86400)
    ) as limits (name, lowest, highest)
  loop
    if jsonb_typeof(p_limits -> expected.name) is distinct from 'number' then
      return expected.name || ': expected a number';
    end if;
    value := (p_limits ->> expected.name)::numeric;
    if value < expected.lowest or value > expected.highest then
      return format('%s: expected %s to %s', expected.name, expected.lowest, expected.highest);
    end if;
    if expected.name <> 'users_share' and value <> trunc(value) then
      return expected.name || ': expected a whole number';
    end if;
  end loop;
  if (p_limits ->> 'block_start_s')::integer > (p_limits ->> 'block_cap_s')::integer then
    return 'block_start_s: expected at most block_cap_s';
  end if;
  if jsonb_typeof(p_limits -> 'admin_roles') is distinct from 'array'
    or jsonb_array_length(p_limits -> 'admin_roles') > 20
    or exists (
      select from jsonb_array_elements(p_limits -> 'admin_roles') as role where bees.is_string(role.value, 64) is not true
    )
  then
    return 'admin_roles: expected at most 20 names';
  end if;
  return null;
end
$$;

-- The limits that hold for a tenant. Raises when there are none or when they cannot be believed.
create function security.limits_of(p_tenant text)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  found_limits jsonb;
  problem text;
begin
  select l.limits into found_limits
  from security.limits as l
  where l.tenant in (p_tenant, '*')
  order by l.tenant = '*'
  limit 1;
  if not found then
    raise exception 'there are no limits' using errcode = 'SB001';
  end if;
  problem := security.limits_problem(found_limits);
  if problem is not null then
    raise exception 'limits: %', problem using errcode = 'SB001';
  end if;
  return found_limits;
end
$$;

-- The class under which something is on the never-list, or null. Raises when the list is empty or lacks what it came with:
-- then it is not the list.
create function security.never_listed(p_tenant text, p_kind text, p_value text, p_net inet)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if (
    select count(*)
    from security.never_list as n
    where n.tenant = '*' and n.class = 'loopback' and n.expires_at is null and n.net in ('127.0.0.0/8', '::1/128')
  ) < 2 then
    raise exception 'the never-list is empty or incomplete' using errcode = 'SB002';
  end if;
  return (
    select n.class
    from security.never_list as n
    where n.tenant in (p_tenant, '*')
      and (n.expires_at is null or n.expires_at > now())
      and case n.kind
        when 'net' then p_net is not null and n.net && p_net
        else n.kind = p_kind and lower(n.value) = lower(p_value)
      end
    order by n.id
    limit 1
  );
end
$$;

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
create function security.action_facts(p_action jsonb, p_limits jsonb)
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

-- Tells people, by the way of alerts, that the response itself is in trouble. That telling fails must not undo what it is about.
create function security.alert_response(p_tenant text, p_what text, p_title text, p_explanation text)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  now_ms constant bigint := floor(extract(epoch from now()) * 1000);
  change constant jsonb := jsonb_build_object(
    'incident', 'inc_' || left(security.digest(jsonb_build_array('response', p_tenant, p_what)), 24),
    'change', 'opened', 'severity', 'high', 'confidence', 'high', 'title', left(p_title, 300),
    'entity', jsonb_build_object('kind', 'tenant', 'id', p_tenant),
    'related', '[]'::jsonb, 'rules', '["response"]'::jsonb, 'findings', '[]'::jsonb,
    'first_ms', now_ms, 'last_ms', now_ms, 'events', 1, 'explanation', left(p_explanation, 4000),
    'response', null, 'risk', 0, 'quiet', false, 'wants', '[]'::jsonb
  );
begin
  perform security.note_incidents(p_tenant, jsonb_build_array(change), now());
exception
  when others then
    if security.is_passing(sqlstate) then
      raise;
    end if;
    perform security.append_audit(
      p_tenant, jsonb_build_object('what', 'alert_failed', 'about', p_what, 'outcome', sqlstate)
    );
end
$$;

call bees.seal('security');
revoke update, delete, truncate on security.audit, security.approvals from bees_owner;
