-- What the brakes go by: limits and the never-list. Whatever of it cannot be read or believed counts as no.

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
    if value <> round(value, 4) then
      return expected.name || ': expected at most 4 decimals';
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

call bees.seal('security');
