-- From an incident to a stored plan.

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
