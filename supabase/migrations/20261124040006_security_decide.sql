-- What people do: decide about plans, propose some, set the rules that responses follow.
--
-- Who calls is known by the key that signed the task's envelope; the hive has verified the signature and hands in the list of
-- people whose keys count. Here both are compared once more, in the transaction that decides.

-- The person behind a call, { kind, kid, name, user? }, or null: the machine, nobody, or a key that is on no list.
create function security.person_of(p_people jsonb, call jsonb)
returns jsonb
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_strip_nulls(jsonb_build_object(
    'kind', 'person', 'kid', p.value ->> 'kid', 'name', p.value ->> 'name', 'user', p.value ->> 'user'
  ))
  from jsonb_array_elements(case jsonb_typeof(p_people) when 'array' then p_people else '[]' end) as p
  where p.value ->> 'kid' = call #>> '{nonce,kid}' and coalesce(p.value ->> 'name', '') <> ''
  limit 1
$$;

-- As the audit names whoever called.
create function security.caller_of(p_people jsonb, call jsonb)
returns jsonb
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(
    security.person_of(p_people, call),
    jsonb_strip_nulls(jsonb_build_object('kind', 'machine', 'kid', call #>> '{nonce,kid}'))
  )
$$;

-- Whether the document is the one that was proposed: the audit, which nobody can change, remembers its digest.
create function security.is_altered(p_plan security.plans)
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select security.digest(p_plan.plan) is distinct from p_plan.digest
    or p_plan.plan ->> 'id' is distinct from p_plan.id
    or p_plan.plan ->> 'tenant' is distinct from p_plan.tenant
    or not exists (
      select
      from security.audit as a
      where a.entry ->> 'plan' = p_plan.id
        and a.tenant = p_plan.tenant
        and a.entry ->> 'what' = 'proposed'
        and a.entry ->> 'digest' = p_plan.digest
    )
$$;

-- How many different people have approved exactly this plan within the last half hour. The proposer does not count, by
-- whatever key he comes, nor does anybody who is no longer on the list.
create function security.approvals_of(p_plan security.plans, p_people jsonb)
returns integer
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select count(distinct a.name)::integer
  from security.approvals as a
  where a.plan = p_plan.id
    and a.digest = p_plan.digest
    and a.decision = 'approve'
    and a.decided_at > now() - interval '30 minutes'
    and a.kid is distinct from p_plan.plan #>> '{proposer,kid}'
    and a.name is distinct from p_plan.plan #>> '{proposer,name}'
    and exists (
      select
      from jsonb_array_elements(case jsonb_typeof(p_people) when 'array' then p_people else '[]' end) as p
      where p.value ->> 'kid' = a.kid and p.value ->> 'name' = a.name
    )
$$;

-- The first target of a plan that is on the never-list. Raises when the list cannot be read or believed.
create function security.plan_never_listed(p_plan security.plans)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select found.class
  from (
    select (a.value ->> 'n')::integer as n, security.never_listed(
      p_plan.tenant, a.value #>> '{target,kind}', a.value #>> '{target,id}',
      case when a.value #>> '{target,kind}' in ('ip', 'net') then security.to_net(a.value #>> '{target,id}') end
    ) as class
    from jsonb_array_elements(p_plan.plan -> 'actions') as a
  ) as found
  where found.class is not null
  order by found.n
  limit 1
$$;

create function security.refuse_altered(p_plan security.plans, p_who jsonb)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  update security.plans as p set state = 'refused', note = 'altered', ended_at = now() where p.id = p_plan.id;
  perform security.append_audit(p_plan.tenant, jsonb_build_object(
    'what', 'refused', 'plan', p_plan.id, 'who', p_who, 'outcome', 'refused', 'problem', 'altered'
  ));
  perform security.alert_response(
    p_plan.tenant, 'altered:' || p_plan.id, 'A stored plan was altered',
    format('The plan %s is not the one that was proposed. It was refused; find out who can write to the database.', p_plan.id)
  );
end
$$;

-- decide_plan: { plan, digest, decision, reason, from_ip, people }.
create function security.decide_plan(input jsonb, call jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  person constant jsonb := security.person_of(input -> 'people', call);
  who constant jsonb := security.caller_of(input -> 'people', call);
  decision constant text := input ->> 'decision';
  reply jsonb := jsonb_build_object('plan', input ->> 'plan', 'approvals', 0);
  subject security.plans;
  problem text;
  listed text;
  needed integer;
  given integer;
begin
  if bees.is_text(input -> 'decision', '^(approve|reject)$') is not true or bees.is_digest(input -> 'digest') is not true
    or bees.is_string(input -> 'reason', 1000) is not true or input ->> 'plan' is null
  then
    perform bees.refuse_call('decide_plan: expected plan, digest, decision and reason');
  end if;
  select p.* into subject from security.plans as p where p.id = input ->> 'plan';
  if not found then
    return reply || '{"decided": "refused", "problem": "unknown_plan", "state": null}';
  end if;
  perform security.lock_responses(subject.tenant);
  select p.* into subject from security.plans as p where p.id = input ->> 'plan' for update;
  needed := greatest((subject.plan ->> 'approvals')::integer, 1);

  problem := case
    when person is null and call #>> '{nonce,kid}' is null then 'machine'
    when person is null then 'unknown_key'
    when security.is_altered(subject) then 'altered'
    when input ->> 'digest' <> subject.digest then 'stale_digest'
    when subject.state not in ('proposed', 'approved') then 'state'
    when subject.expires_at <= now() then 'expired'
    when decision = 'approve' and subject.mode <> 'approve' then 'mode'
    when decision = 'approve'
      and (person ->> 'kid' = subject.plan #>> '{proposer,kid}' or person ->> 'name' = subject.plan #>> '{proposer,name}')
      then 'proposer'
  end;
  if problem is null and decision = 'approve' then
    begin
      listed := security.plan_never_listed(subject);
      if listed is not null then
        problem := 'never_list';
      end if;
    exception
      when others then
        if security.is_passing(sqlstate) then
          raise;
        end if;
        problem := 'never_list_unreadable';
    end;
  end if;

  if problem is not null then
    if problem = 'altered' then
      perform security.refuse_altered(subject, who);
      subject.state := 'refused';
    else
      perform security.append_audit(subject.tenant, jsonb_build_object(
        'what', 'decision_refused', 'plan', subject.id, 'who', who, 'decision', decision, 'why', input ->> 'reason',
        'outcome', 'refused', 'problem', problem, 'class', listed, 'process', call ->> 'process'
      ));
    end if;
    return reply || jsonb_build_object('decided', 'refused', 'problem', problem, 'state', subject.state);
  end if;

  insert into security.approvals (plan, digest, decision, kid, name, reason, from_ip, process)
  values (
    subject.id, subject.digest, decision, person ->> 'kid', person ->> 'name', input ->> 'reason',
    security.to_net(input ->> 'from_ip'), call ->> 'process'
  );
  given := security.approvals_of(subject, input -> 'people');
  if decision = 'reject' then
    update security.plans as p
    set state = 'refused', note = 'rejected by ' || (person ->> 'name'), ended_at = now()
    where p.id = subject.id
    returning p.* into subject;
  elsif given >= needed then
    update security.plans as p
    set state = 'approved', approved_until = now() + interval '30 minutes'
    where p.id = subject.id
    returning p.* into subject;
  end if;
  perform security.append_audit(subject.tenant, jsonb_build_object(
    'what', case decision when 'approve' then 'approved' else 'rejected' end, 'plan', subject.id, 'digest', subject.digest,
    'who', who, 'why', input ->> 'reason', 'approvals', given, 'needed', needed, 'outcome', subject.state,
    'process', call ->> 'process'
  ));
  return reply || jsonb_build_object(
    'decided', case when decision = 'reject' then 'rejected' when given >= needed then 'approved' else 'noted' end,
    'problem', null, 'state', subject.state, 'approvals', given, 'needed', needed,
    'approved_until', bees.rfc3339(subject.approved_until)
  );
end
$$;

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
      'playbook', 'person', 'rules', '{}'::jsonb, 'evidence', '[]'::jsonb, 'mode', input ->> 'mode', 'approvals', 1,
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
    else
      insert into security.never_list as n (tenant, kind, net, value, class, author, reason, expires_at)
      values (
        v_tenant, input ->> 'kind', net, case when net is null then input ->> 'value' end, input ->> 'class',
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
revoke update, delete, truncate on security.audit, security.approvals from bees_owner;
