-- From an incident, or a person's wish, to a stored plan.

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

-- Makes a plan of steps: [{ do, target, why, duration_s? }], in the order of the ladder, without doubles, without what is
-- covered and without whom the never-list names. Returns the plan's row, or null where nothing is left to do.
create function security.store_plan(p_tenant text, p_cause text, p_head jsonb, p_steps jsonb, p_except text)
returns security.plans
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  limits constant jsonb := security.limits_of(p_tenant);
  by_person constant boolean := p_head #>> '{proposer,kind}' = 'person';
  v_id constant text := 'pln_' || left(security.digest(jsonb_build_array(p_tenant, p_cause)), 24);
  step record;
  v_action jsonb;
  facts jsonb;
  v_rung text;
  listed text;
  v_seconds jsonb;
  actions jsonb := '[]';
  held jsonb := coalesce(p_head -> 'held', '[]');
  users jsonb := '[]';
  sessions integer := 0;
  addresses integer := 0;
  made security.plans;
begin
  for step in
    select distinct on (security.rung_rank(s.value ->> 'do'), s.value -> 'target')
      s.value ->> 'do' as rung, s.value -> 'target' as target, s.value ->> 'why' as why, s.value -> 'duration_s' as wanted_s
    from jsonb_array_elements(p_steps) with ordinality as s
    order by security.rung_rank(s.value ->> 'do'), s.value -> 'target', s.ordinality
  loop
    v_rung := step.rung;
    v_action := jsonb_build_object('do', v_rung, 'target', step.target);
    facts := security.action_facts(v_action, limits);
    -- Behind a shared address are others: they are slowed down at most, unless a person wants it otherwise.
    if v_rung in ('block_ip', 'block_range') and facts ->> 'shared' = 'true' and not by_person then
      held := held || jsonb_build_array(v_action || '{"because": "shared_address"}');
      v_rung := 'throttle';
      v_action := jsonb_build_object('do', v_rung, 'target', step.target);
      continue when exists (select from jsonb_array_elements(actions) as a where a.value @> v_action);
      facts := facts || '{"users": []}';
    end if;

    listed := security.never_listed(
      p_tenant, step.target ->> 'kind', step.target ->> 'id', (facts ->> 'net')::inet
    );
    if listed is null and facts ? 'user' then
      listed := security.never_listed(p_tenant, 'user', facts ->> 'user', null);
    end if;
    if listed is not null then
      held := held || jsonb_build_array(v_action || jsonb_build_object('because', 'never_list', 'class', listed));
      continue;
    end if;
    if facts ->> 'unknown' = 'true' then
      held := held || jsonb_build_array(v_action || '{"because": "unknown_target"}');
      continue;
    end if;
    if security.is_covered(p_tenant, v_rung, step.target ->> 'id', p_except) then
      held := held || jsonb_build_array(v_action || '{"because": "in_force"}');
      continue;
    end if;

    v_seconds := case
      when v_rung in ('revoke_session', 'revoke_sessions') or step.wanted_s is null
        then to_jsonb(security.next_duration(p_tenant, v_rung, step.target ->> 'id', limits))
      else step.wanted_s
    end;
    actions := actions || jsonb_build_array(v_action || jsonb_build_object(
      'n', jsonb_array_length(actions) + 2,
      'why', step.why,
      'duration_s', v_seconds,
      'inverse', security.inverse_of(v_rung),
      'reversible', true,
      'expected', jsonb_build_object('users', jsonb_array_length(facts -> 'users'), 'sessions', facts -> 'sessions')
    ));
    users := users || (facts -> 'users');
    sessions := sessions + (facts ->> 'sessions')::integer;
    addresses := addresses + (v_rung in ('block_ip', 'block_range'))::integer;
    exit when jsonb_array_length(actions) >= 39;
  end loop;

  if jsonb_array_length(actions) = 0 then
    return null;
  end if;

  insert into security.plans as p (id, tenant, cause, incident, plan, digest, state, expires_at)
  select v_id, p_tenant, p_cause, p_head ->> 'incident', d.document, security.digest(d.document), 'proposed',
    now() + interval '24 hours'
  from (
    select (p_head - 'held') || jsonb_build_object(
      'v', 1,
      'id', v_id,
      'tenant', p_tenant,
      'proposed_at', bees.rfc3339(now()),
      'expires_at', bees.rfc3339(now() + interval '24 hours'),
      'actions', jsonb_build_array(jsonb_build_object(
        'n', 1, 'do', 'notify', 'target', jsonb_build_object('kind', 'tenant', 'id', p_tenant),
        'why', p_head ->> 'title', 'duration_s', null, 'inverse', 'none', 'reversible', true,
        'expected', '{"users": 0, "sessions": 0}'::jsonb
      )) || actions,
      'held', held,
      'radius', jsonb_build_object(
        'users', (select count(distinct u.value) from jsonb_array_elements_text(users) as u),
        'sessions', sessions,
        'addresses', addresses,
        'active_users', security_auth.active_users(now() - interval '30 days')
      )
    ) as document
  ) as d
  on conflict (tenant, cause) do nothing
  returning p.* into made;
  if made.id is null then
    return null;
  end if;

  insert into security.plan_actions (plan, n, tenant, playbook, rung, kind, target)
  select made.id, (a.value ->> 'n')::integer, p_tenant, made.plan ->> 'playbook', a.value ->> 'do',
    a.value #>> '{target,kind}', a.value #>> '{target,id}'
  from jsonb_array_elements(made.plan -> 'actions') as a;

  perform security.append_audit(p_tenant, jsonb_build_object(
    'what', 'proposed', 'plan', made.id, 'digest', made.digest, 'who', made.plan -> 'proposer', 'mode', made.mode,
    'why', made.plan ->> 'reason', 'rules', made.plan -> 'rules', 'incident', made.incident, 'outcome', made.state
  ));
  return made;
end
$$;

-- One change of an incident.
create function security.propose_for(p_tenant text, p_change jsonb)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_incident constant text := p_change ->> 'incident';
  raised constant boolean := p_change ->> 'change' = 'raised';
  v_cause constant text := concat_ws(
    ':', 'incident', v_incident, p_change ->> 'change', p_change ->> 'severity', p_change ->> 'last_ms'
  );
  wants jsonb := coalesce(p_change -> 'wants', '[]');
  want record;
  leading_want record;
  mode text;
  steps jsonb := '[]';
  held jsonb := '[]';
  superseded security.plans;
  made security.plans;
begin
  perform security.lock_responses(p_tenant);
  if exists (select from security.plans as p where p.tenant = p_tenant and p.cause = v_cause) then
    return;
  end if;
  if jsonb_array_length(wants) = 0 and p_change ->> 'change' in ('opened', 'raised') then
    wants := jsonb_build_array(jsonb_build_object(
      'finding', coalesce(p_change #>> '{findings,-1}', ''), 'rule', coalesce(p_change #>> '{rules,0}', 'unknown'),
      'rule_version', 0, 'entity', p_change -> 'entity', 'severity', p_change -> 'severity',
      'confidence', p_change -> 'confidence', 'response', p_change -> 'response'
    ));
  end if;

  insert into security.playbooks (tenant, playbook)
  select distinct p_tenant, w.value ->> 'rule'
  from jsonb_array_elements(wants) as w
  where w.value ->> 'response' is not null and w.value ->> 'response' <> 'notify'
  on conflict (tenant, playbook) do nothing;

  select w.value as want, security.playbook_mode(p_tenant, w.value ->> 'rule') as mode into leading_want
  from jsonb_array_elements(wants) with ordinality as w
  where w.value ->> 'response' is not null and w.value ->> 'response' <> 'notify'
  order by security.severity_rank(w.value ->> 'severity') desc,
    array_position(array['low', 'medium', 'high'], w.value ->> 'confidence') desc,
    security.rung_rank(w.value ->> 'response') desc,
    w.ordinality
  limit 1;
  if not found then
    return;
  end if;
  mode := leading_want.mode;
  if mode = 'auto' and not (
    leading_want.want ->> 'severity' = 'critical' and leading_want.want ->> 'confidence' = 'high'
  ) then
    mode := 'approve';
  end if;
  -- What is long over is looked at, not acted upon.
  if (p_change ->> 'last_ms')::numeric < extract(epoch from now() - interval '24 hours') * 1000 then
    mode := 'observe';
  end if;

  -- A plan that still waits is taken into the new one.
  if raised then
    select p.* into superseded
    from security.plans as p
    where p.tenant = p_tenant and p.incident = v_incident and p.state = 'proposed' and p.mode = 'approve'
    order by p.proposed_at desc, p.id
    limit 1
    for update;
    if found and mode in ('approve', 'auto') then
      select coalesce(jsonb_agg(a.value - 'duration_s'), '[]') into steps
      from jsonb_array_elements(superseded.plan -> 'actions') as a
      where a.value ->> 'do' <> 'notify';
    end if;
  end if;

  for want in
    select w.value as asked, security.playbook_mode(p_tenant, w.value ->> 'rule') as mode
    from jsonb_array_elements(wants) with ordinality as w
    where w.value ->> 'response' is not null and w.value ->> 'response' <> 'notify'
    order by w.ordinality
    limit 50
  loop
    -- A rule on probation does not ride on a trusted one, nor an uncertain finding on a certain one.
    if security.mode_rank(want.mode) < security.mode_rank(mode)
      or mode = 'auto' and not (want.asked ->> 'severity' = 'critical' and want.asked ->> 'confidence' = 'high')
    then
      held := held || jsonb_build_array(jsonb_build_object(
        'do', want.asked ->> 'response', 'target', want.asked -> 'entity', 'because', 'playbook', 'rule', want.asked ->> 'rule'
      ));
      continue;
    end if;
    select steps || coalesce(
      jsonb_agg(jsonb_build_object('do', s.rung, 'target', s.target, 'why', want.asked ->> 'rule')), '[]'
    ) into steps
    from security.steps_of(
      want.asked ->> 'response', want.asked -> 'entity', coalesce(p_change -> 'related', '[]')
    ) as s;
  end loop;

  made := security.store_plan(
    p_tenant,
    v_cause,
    jsonb_build_object(
      'incident', v_incident,
      'title', left(p_change ->> 'title', 300),
      'reason', left(p_change ->> 'explanation', 2000),
      'severity', leading_want.want ->> 'severity',
      'confidence', leading_want.want ->> 'confidence',
      'playbook', leading_want.want ->> 'rule',
      'rules', (
        select jsonb_object_agg(w.value ->> 'rule', w.value -> 'rule_version') from jsonb_array_elements(wants) as w
      ),
      'evidence', coalesce(p_change -> 'findings', '[]'),
      'mode', mode,
      'approvals', coalesce(
        (
          select max(p.approvals) from security.playbooks as p
          where p.tenant = p_tenant and p.playbook in ('*', leading_want.want ->> 'rule')
        ),
        1
      ),
      'proposer', '{"kind": "machine"}'::jsonb,
      'held', held
    ),
    steps,
    superseded.id
  );
  if made.id is not null and superseded.id is not null and mode in ('approve', 'auto') then
    update security.plans as p
    set state = 'expired', note = 'superseded by ' || made.id, ended_at = now()
    where p.id = superseded.id;
    perform security.append_audit(p_tenant, jsonb_build_object(
      'what', 'superseded', 'plan', superseded.id, 'by', made.id, 'outcome', 'expired'
    ));
  end if;
end
$$;

-- Called by the analysis in its own transaction: [IncidentChange]. That a plan cannot be made must not lose the analysis.
create function security.propose_plans(p_tenant text, p_changes jsonb, p_at timestamptz)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  change jsonb;
begin
  for change in
    select c.value
    from jsonb_array_elements(p_changes) with ordinality as c
    where c.value ->> 'change' in ('opened', 'raised', 'continued')
      and coalesce((c.value ->> 'quiet')::boolean, false) is false
      and (
        jsonb_array_length(coalesce(c.value -> 'wants', '[]')) > 0
        or c.value ->> 'response' is not null and c.value ->> 'change' <> 'continued'
      )
    order by c.ordinality
  loop
    begin
      perform security.propose_for(p_tenant, change);
    exception
      when others then
        if security.is_passing(sqlstate) then
          raise;
        end if;
        perform security.append_audit(p_tenant, jsonb_build_object(
          'what', 'not_proposed', 'incident', change ->> 'incident', 'outcome', sqlstate, 'problem', left(sqlerrm, 300)
        ));
        perform security.alert_response(
          p_tenant, 'not_proposed',
          'A response could not be planned',
          format('No plan could be made for %s (SQLSTATE %s). Nothing is done until that is mended.', change ->> 'incident', sqlstate)
        );
    end;
  end loop;
end
$$;

call bees.seal('security');
revoke update, delete, truncate on security.audit, security.approvals from bees_owner;
