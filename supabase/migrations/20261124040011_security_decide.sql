-- What people decide about plans.
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

call bees.seal('security');
