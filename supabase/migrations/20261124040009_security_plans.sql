-- A stored plan.

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
  -- This runs in the analysis' own transaction, which must not wait for the size of auth.sessions: a few addresses are
  -- looked up in a small one. Before anything is done, each is looked up in any case.
  looks integer := case when security_auth.about_sessions() > 200000 then 0 else 10 end;
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
    facts := security.action_facts(v_action, limits, looks > 0);
    looks := looks - (facts ? 'users_at')::integer;
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
        'addresses', addresses
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

call bees.seal('security');
