-- The parts of a plan: which rung fits which target, for how long, and whether it is in force already.

-- The rungs that go with one: a ban does not end a token that was issued, so a lock ends the sessions as well.
create function security.rungs_of(p_rung text)
returns text[]
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$ select case p_rung when 'lock_user' then array['revoke_sessions', 'lock_user'] else array[p_rung] end $$;

-- Whether a rung can be climbed with this kind of target.
create function security.rung_fits(p_rung text, p_kind text)
returns boolean
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select case p_rung
    when 'challenge' then p_kind in ('user', 'session', 'ip', 'net', 'api_key')
    when 'throttle' then p_kind in ('user', 'session', 'ip', 'net', 'api_key')
    when 'revoke_session' then p_kind = 'session'
    when 'revoke_sessions' then p_kind = 'user'
    when 'lock_user' then p_kind = 'user'
    when 'disable_key' then p_kind = 'api_key'
    when 'block_ip' then p_kind = 'ip'
    when 'block_range' then p_kind = 'net'
    else false
  end
$$;

-- A target in the one notation in which it is compared, { kind, id }; null when it is none (an address that policy hashed,
-- a person of whom only the pseudonym is known).
create function security.target_of(p_entity jsonb)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_kind constant text := p_entity ->> 'kind';
  v_id constant text := p_entity ->> 'id';
  net inet;
begin
  if v_id is null or char_length(v_id) not between 1 and 320 then
    return null;
  end if;
  if v_kind in ('ip', 'net') then
    net := security.to_net(v_id);
    if net is null then
      return null;
    end if;
    if masklen(net) = (case family(net) when 4 then 32 else 128 end) then
      return jsonb_build_object('kind', 'ip', 'id', host(net));
    end if;
    return jsonb_build_object('kind', 'net', 'id', net::text);
  end if;
  if v_kind in ('user', 'session') and not security.is_uuid(v_id) then
    return null;
  end if;
  if v_kind = 'account' and security.is_uuid(v_id) then
    return jsonb_build_object('kind', 'user', 'id', lower(v_id));
  end if;
  if v_kind in ('user', 'session') then
    return jsonb_build_object('kind', v_kind, 'id', lower(v_id));
  end if;
  if v_kind in ('account', 'api_key', 'device') then
    return jsonb_build_object('kind', v_kind, 'id', v_id);
  end if;
  return null;
end
$$;

-- What a finding asks for, as { do, target } rows: on its own entity where the rung fits that, else on the related entities
-- that it fits (the accounts behind an address), at most 20.
create function security.steps_of(p_rung text, p_entity jsonb, p_related jsonb)
returns table (rung text, target jsonb)
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  own constant jsonb := security.target_of(p_entity);
  wished text := p_rung;
begin
  -- One session where none is known: all of the user's.
  if wished = 'revoke_session' and own ->> 'kind' = 'user'
    and not exists (
      select from jsonb_array_elements(p_related) as r where security.target_of(r.value) ->> 'kind' = 'session'
    )
  then
    wished := 'revoke_sessions';
  end if;
  if own ->> 'kind' = 'ip' and wished = 'block_range' then
    wished := 'block_ip';
  end if;
  if security.rung_fits(wished, own ->> 'kind') then
    return query select r.name, own from unnest(security.rungs_of(wished)) as r (name);
    return;
  end if;
  return query
    select r.name, t.found
    from (
      select distinct on (security.target_of(e.value)) security.target_of(e.value) as found, e.ordinality
      from jsonb_array_elements(p_related) with ordinality as e
      where security.rung_fits(wished, security.target_of(e.value) ->> 'kind')
      order by security.target_of(e.value), e.ordinality
    ) as t
    cross join unnest(security.rungs_of(wished)) as r (name)
    order by t.ordinality
    limit 20;
end
$$;

-- How long a measure lasts: the first time short, twice as long for each earlier decision of the last 7 days, up to a cap.
-- Decisions count and nothing else: whatever somebody does while he is blocked does not make the block longer.
create function security.next_duration(p_tenant text, p_rung text, p_target text, p_limits jsonb)
returns integer
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when p_rung in ('revoke_session', 'revoke_sessions') then (p_limits ->> 'jwt_lifetime_s')::integer + 120
    else least(
      (p_limits ->> 'block_cap_s')::numeric,
      (p_limits ->> 'block_start_s')::numeric * 2 ^ least(
        (
          select count(*)
          from security.plan_actions as a
          where a.tenant = p_tenant
            and a.rung = p_rung
            and a.target = p_target
            and a.state in ('done', 'over')
            and a.acted_at > now() - interval '7 days'
        ),
        30
      )
    )::integer
  end
$$;

-- Whether the same is in force, is being done, or waits for a decision already.
create function security.is_covered(p_tenant text, p_rung text, p_target text, p_except text)
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select
    from security.plan_actions as a
    join security.plans as p on p.id = a.plan
    where a.tenant = p_tenant
      and a.rung = p_rung
      and a.target = p_target
      and p.id is distinct from p_except
      and p.mode in ('approve', 'auto')
      and (
        a.state = 'pending' and p.state in ('proposed', 'approved', 'executing') and p.expires_at > now()
        or a.state = 'done' and p_rung in ('revoke_session', 'revoke_sessions') and a.acted_at > now() - interval '5 minutes'
        or a.state = 'done' and exists (
          select from security.restrictions as r
          where r.plan = a.plan and r.n = a.n and r.until > now()
            and p_rung not in ('revoke_session', 'revoke_sessions')
        )
      )
  )
$$;

create function security.inverse_of(p_rung text)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select case p_rung
    when 'notify' then 'none'
    when 'revoke_session' then 'restore_session'
    when 'revoke_sessions' then 'restore_sessions'
    when 'lock_user' then 'unlock_user'
    when 'disable_key' then 'enable_key'
    else 'lift_' || p_rung
  end
$$;

call bees.seal('security');
