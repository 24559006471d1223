-- What people do besides: propose plans, and set what responses go by.

-- propose_plan: { tenant, title, reason, mode, actions: [{ do, target, duration_s? }], from_ip, people }.
create function security.propose_plan(input jsonb, call jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  person constant jsonb := security.person_of(input -> 'people', call);
  v_tenant constant text := input ->> 'tenant';
  v_cause constant text := 'person:' || (call ->> 'process');
  step jsonb;
  v_target jsonb;
  steps jsonb := '[]';
  made security.plans;
begin
  if person is null then
    perform security.append_audit(v_tenant, jsonb_build_object(
      'what', 'proposal_refused', 'who', security.caller_of(input -> 'people', call), 'outcome', 'refused',
      'problem', 'unknown_key', 'process', call ->> 'process'
    ));
    return '{"plan": null, "problem": "unknown_key"}';
  end if;
  if input ->> 'mode' not in ('approve', 'dry_run') then
    perform bees.refuse_call('propose_plan: mode: expected approve or dry_run');
  end if;
  for step in select s.value from jsonb_array_elements(input -> 'actions') with ordinality as s order by s.ordinality
  loop
    v_target := security.target_of(step -> 'target');
    if v_target is null or security.rung_fits(step ->> 'do', v_target ->> 'kind') is not true then
      return jsonb_build_object('plan', null, 'problem', 'target', 'at', step);
    end if;
    if step -> 'duration_s' is not null and jsonb_typeof(step -> 'duration_s') <> 'null'
      and bees.is_integer(step -> 'duration_s', 60, 2678400) is not true
    then
      return jsonb_build_object('plan', null, 'problem', 'duration', 'at', step);
    end if;
    select steps || jsonb_agg(
      jsonb_build_object('do', r.name, 'target', v_target, 'why', input ->> 'reason')
      || case when step -> 'duration_s' is null then '{}' else jsonb_build_object('duration_s', step -> 'duration_s') end
    ) into steps
    from unnest(security.rungs_of(step ->> 'do')) as r (name);
  end loop;

  perform security.lock_responses(v_tenant);
  made := security.store_plan(
    v_tenant,
    v_cause,
    jsonb_strip_nulls(jsonb_build_object(
      'title', input ->> 'title', 'reason', input ->> 'reason', 'severity', 'high', 'confidence', 'high',
      'playbook', 'person', 'rules', '{}'::jsonb, 'evidence', '[]'::jsonb, 'mode', input ->> 'mode',
      'approvals', coalesce(
        (
          select max(p.approvals) from security.playbooks as p where p.tenant = v_tenant and p.playbook in ('*', 'person')
        ),
        1
      ),
      'proposer', person || jsonb_strip_nulls(jsonb_build_object(
        'from_ip', host(security.to_net(input ->> 'from_ip')), 'process', call ->> 'process'
      ))
    )),
    steps,
    null
  );
  if made.id is null then
    return '{"plan": null, "problem": "nothing_to_do"}';
  end if;
  return jsonb_build_object('plan', made.id, 'digest', made.digest, 'state', made.state, 'problem', null);
end
$$;

-- set_response_policy: { op, tenant, reason, people, ... }. By a person, with a reason, into the audit.
create function security.set_response_policy(input jsonb, call jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  person constant jsonb := security.person_of(input -> 'people', call);
  v_tenant constant text := input ->> 'tenant';
  v_reason constant text := input ->> 'reason';
  before jsonb;
  after jsonb;
  problem text;
  net inet;
begin
  perform security.lock_responses(v_tenant);
  if person is null then
    problem := 'unknown_key';
  elsif input ->> 'op' = 'playbook' then
    select to_jsonb(p) into before from security.playbooks as p
    where p.tenant = v_tenant and p.playbook = input ->> 'playbook';
    insert into security.playbooks as p (tenant, playbook, mode, approvals, author, reason, set_at)
    values (
      v_tenant, input ->> 'playbook', input ->> 'mode', coalesce((input ->> 'approvals')::integer, 1), person ->> 'name',
      v_reason, now()
    )
    on conflict (tenant, playbook) do update
    set mode = excluded.mode, approvals = excluded.approvals, author = excluded.author, reason = excluded.reason,
      set_at = excluded.set_at
    returning to_jsonb(p) into after;
  elsif input ->> 'op' = 'limits' then
    select l.limits into before from security.limits as l where l.tenant in (v_tenant, '*') order by l.tenant = '*' limit 1;
    after := coalesce(before, '{}') || (input -> 'limits');
    problem := 'limits: ' || security.limits_problem(after);
    if problem is null then
      insert into security.limits as l (tenant, limits, author, reason)
      values (v_tenant, after, person ->> 'name', v_reason)
      on conflict (tenant) do update
      set limits = excluded.limits, author = excluded.author, reason = excluded.reason, set_at = now();
    end if;
  elsif input ->> 'op' = 'never_add' then
    net := case when input ->> 'kind' = 'net' then security.to_net(input ->> 'value') end;
    if input ->> 'kind' = 'net' and net is null then
      problem := 'value: expected an address or a range';
    elsif input ->> 'kind' = 'user' and not security.is_uuid(btrim(input ->> 'value')) then
      -- A name or an e-mail address would stand there and protect nobody.
      problem := 'value: expected the id of a user in auth.users';
    else
      insert into security.never_list as n (tenant, kind, net, value, class, author, reason, expires_at)
      values (
        v_tenant, input ->> 'kind', net, case when net is null then btrim(input ->> 'value') end, input ->> 'class',
        person ->> 'name', v_reason, (input ->> 'expires_at')::timestamptz
      )
      returning to_jsonb(n) into after;
    end if;
  elsif input ->> 'op' = 'never_remove' then
    delete from security.never_list as n
    where n.id = (input ->> 'id')::bigint and n.tenant = v_tenant and n.author <> 'colony-bees'
    returning to_jsonb(n) into before;
    if not found then
      problem := 'unknown_entry';
    end if;
  elsif input ->> 'op' = 'close_circuit' then
    update security.circuits as c
    set closed_at = now(), closed_by = person ->> 'name', close_reason = v_reason
    where c.id = (input ->> 'id')::bigint and c.tenant = v_tenant and c.closed_at is null
    returning to_jsonb(c) into after;
    if not found then
      problem := 'unknown_circuit';
    else
      perform security.close_response_alert(v_tenant, 'circuit:' || (after ->> 'playbook'));
    end if;
  else
    perform bees.refuse_call('set_response_policy: op: expected playbook, limits, never_add, never_remove or close_circuit');
  end if;

  perform security.append_audit(v_tenant, jsonb_build_object(
    'what', 'policy', 'op', input ->> 'op', 'who', security.caller_of(input -> 'people', call), 'why', v_reason,
    'outcome', case when problem is null then 'set' else 'refused' end, 'problem', problem,
    'before', security.digest(before), 'after', security.digest(after), 'subject', coalesce(after, before),
    'process', call ->> 'process'
  ));
  return jsonb_build_object('set', problem is null, 'problem', problem, 'id', coalesce(after, before) ->> 'id');
end
$$;

call bees.seal('security');
