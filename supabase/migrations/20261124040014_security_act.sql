-- Carrying out one action.

-- Why a plan may not be carried out now; null when it may.
create function security.may_not_act(p_plan security.plans, p_people jsonb)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if security.is_altered(p_plan) then
    return 'altered';
  end if;
  if p_plan.mode in ('observe', 'dry_run') then
    return null;
  end if;
  if p_plan.mode = 'auto' then
    if p_plan.plan ->> 'severity' <> 'critical' or p_plan.plan ->> 'confidence' <> 'high'
      or p_plan.plan #>> '{proposer,kind}' <> 'machine'
      or exists (
        select from jsonb_array_elements(p_plan.plan -> 'actions') as a
        where a.value ->> 'reversible' is distinct from 'true'
          or a.value ->> 'do' <> 'notify' and a.value ->> 'duration_s' is null
      )
      or security.playbook_mode(p_plan.tenant, p_plan.plan ->> 'playbook') is distinct from 'auto'
    then
      return 'not_auto';
    end if;
    return null;
  end if;
  if p_plan.mode is distinct from 'approve' then
    return 'mode';
  end if;
  if security.approvals_of(p_plan, p_people) < greatest((p_plan.plan ->> 'approvals')::integer, 1) then
    return case when p_plan.state = 'proposed' then 'not_approved' else 'approval_expired' end;
  end if;
  return null;
end
$$;

-- Users and addresses of the people who decide: a response never hits them.
create function security.people_involved(p_plan security.plans, p_people jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  users constant uuid[] := array(
    select (p.value ->> 'user')::uuid
    from jsonb_array_elements(case jsonb_typeof(p_people) when 'array' then p_people else '[]' end) as p
    where security.is_uuid(p.value ->> 'user')
  );
begin
  return jsonb_build_object(
    'users', to_jsonb(users),
    'ips', to_jsonb(
      security_auth.addresses_of(users)
      || array(select a.from_ip from security.approvals as a where a.plan = p_plan.id and a.from_ip is not null)
      || array(
        select security.to_net(p_plan.plan #>> '{proposer,from_ip}') where p_plan.plan #>> '{proposer,from_ip}' is not null
      )
    )
  );
end
$$;

create function security.action_reply(p_action security.plan_actions)
returns jsonb
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'n', p_action.n, 'do', p_action.rung, 'state', p_action.state, 'problem', p_action.problem,
    'users', cardinality(p_action.affected)
  )
$$;

-- One action, once. Everything that decides about it is read here, in the transaction that acts.
create function security.act(p_plan text, p_n integer, p_people jsonb, call jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  subject security.plans;
  made security.plan_actions;
  action jsonb;
  limits jsonb;
  v_facts jsonb;
  held jsonb;
  v_problem text;
  before jsonb;
  after jsonb;
  kept uuid;
begin
  select p.* into strict subject from security.plans as p where p.id = p_plan;
  perform security.lock_responses(subject.tenant);
  select p.* into strict subject from security.plans as p where p.id = p_plan for update;
  select a.* into strict made from security.plan_actions as a where a.plan = p_plan and a.n = p_n for update;
  if made.state <> 'pending' then
    return security.action_reply(made);
  end if;

  select a.value into action
  from jsonb_array_elements(subject.plan -> 'actions') as a
  where (a.value ->> 'n')::integer = p_n;
  v_problem := case
    when subject.state <> 'executing' then 'state'
    when action is null or (action ->> 'do', action #>> '{target,kind}', action #>> '{target,id}', subject.plan ->> 'playbook')
      is distinct from (made.rung, made.kind, made.target, made.playbook) then 'altered'
    else security.may_not_act(subject, p_people)
  end;

  if v_problem is null and subject.mode = 'observe' then
    made.state := 'observed';
  elsif v_problem is null then
    -- Whatever goes wrong while the brakes are asked counts as a brake that holds.
    begin
      limits := security.limits_of(subject.tenant);
      v_facts := security.action_facts(action, limits);
      held := security.brake(subject, action, v_facts, security.people_involved(subject, p_people));
    exception
      when others then
        if security.is_passing(sqlstate) then
          raise;
        end if;
        held := jsonb_build_object('brake', 'unreadable', 'sqlstate', sqlstate, 'message', left(sqlerrm, 200));
    end;
    v_problem := held ->> 'brake';
    if subject.mode = 'dry_run' then
      made.state := 'simulated';
    elsif v_problem is null then
      begin
        before := security.response_state(made.kind, made.target);
        if made.rung <> 'notify' then
          kept := security.take_effect(subject, action, v_facts, limits);
        end if;
        after := security.response_state(made.kind, made.target);
        made.state := 'done';
        if security.effect_problem(made) is not null then
          raise exception '%', security.effect_problem(made) using errcode = 'SB004';
        end if;
      exception
        when others then
          if security.is_passing(sqlstate) then
            raise;
          end if;
          made.state := 'failed';
          v_problem := sqlstate;
          kept := null;
          after := before;
          v_facts := v_facts || jsonb_build_object('error', left(sqlerrm, 200));
      end;
    else
      made.state := 'refused';
    end if;
  else
    made.state := 'refused';
  end if;

  update security.plan_actions as a
  set state = made.state,
    problem = v_problem,
    facts = v_facts - 'users',
    affected = case when made.state = 'done'
      then array(select u.value::uuid from jsonb_array_elements_text(v_facts -> 'users') as u) else '{}' end,
    before_digest = case when before is not null then security.digest(before) end,
    after_digest = case when after is not null then security.digest(after) end,
    revocation = kept,
    acted_at = now()
  where a.plan = p_plan and a.n = p_n
  returning a.* into made;

  perform security.append_audit(subject.tenant, jsonb_build_object(
    'what', 'acted', 'plan', subject.id, 'action', made.n, 'do', made.rung,
    'target', jsonb_build_object('kind', made.kind, 'id', made.target), 'mode', subject.mode,
    'who', security.caller_of(p_people, call), 'why', action ->> 'why', 'rules', subject.plan -> 'rules',
    'approvers', (
      select jsonb_agg(distinct p.name) from security.approvals as p where p.plan = subject.id and p.decision = 'approve'
    ),
    'before', made.before_digest, 'after', made.after_digest, 'outcome', made.state, 'problem', made.problem,
    'brake', held, 'users', cardinality(made.affected), 'revocation', kept, 'process', call ->> 'process'
  ));

  if held ? 'breach' and made.state = 'refused' then
    insert into security.circuits (tenant, playbook, brake, facts, plan)
    values (subject.tenant, held ->> 'breach', v_problem, held, subject.id)
    on conflict (tenant, playbook) where closed_at is null do nothing;
    perform security.append_audit(subject.tenant, jsonb_build_object(
      'what', 'circuit_opened', 'plan', subject.id, 'playbook', held ->> 'breach', 'brake', held, 'outcome', 'open'
    ));
    perform security.alert_response(
      subject.tenant, 'circuit:' || (held ->> 'breach'), 'A brake of the response holds: ' || v_problem,
      format(
        'The plan %s would have gone beyond %s (%s, allowed %s). Nothing more is done until a person has closed the circuit.',
        subject.id, v_problem, held ->> 'count', held ->> 'allowed'
      )
    );
  elsif made.state = 'failed' or v_problem in ('unreadable', 'altered') then
    perform security.alert_response(
      subject.tenant, 'failed:' || subject.id, 'A response could not be carried out',
      format('Action %s of the plan %s: %s.', made.n, subject.id, v_problem)
    );
  end if;
  return security.action_reply(made);
end
$$;

call bees.seal('security');
