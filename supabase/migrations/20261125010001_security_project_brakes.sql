-- Brakes of the whole project. Tenants separate events and decisions; users, sessions and addresses are everybody's. So all
-- tenants together may do no more than one alone, and by itself acts only the tenant whose project it is.

-- The tenant of this Supabase project: for whom hooks, audit log and sessions are pulled. The bee writes that row for no other.
create function security.is_home(p_tenant text)
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select p_tenant is not distinct from (
    select m.tenant from security.pull_marks as m order by m.pulled_at desc, m.tenant limit 1
  )
$$;

-- As before; and what a tenant does whose project it is not waits for a person, unless a person has set its playbook * to auto.
create or replace function security.playbook_mode(p_tenant text, p_playbook text)
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
    select coalesce(
      (select p.mode from security.playbooks as p where p.tenant = p_tenant and p.playbook = '*'),
      case when security.is_home(p_tenant) then 'auto' else 'approve' end
    )
  ) as modes
  order by security.mode_rank(modes.mode)
  limit 1
$$;

create index plan_actions_acted on security.plan_actions (acted_at) where acted_at is not null;

-- What all tenants together may do: as much as the most generous limits allow one of them. Raises when there are none or when
-- any cannot be believed.
create function security.project_limits()
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_problem text;
  v_limits jsonb;
begin
  select security.limits_problem(l.limits) into v_problem
  from security.limits as l
  where security.limits_problem(l.limits) is not null
  limit 1;
  if found then
    raise exception 'limits: %', v_problem using errcode = 'SB001';
  end if;
  select jsonb_object_agg(most.key, most.value) into v_limits
  from (
    select e.key, max(e.value::numeric) as value
    from security.limits as l
    cross join lateral jsonb_each_text(l.limits) as e
    where e.key in ('users_share', 'users_floor', 'users_per_hour', 'ips_per_10_min', 'actions_per_hour')
    group by e.key
  ) as most;
  if v_limits is null then
    raise exception 'there are no limits' using errcode = 'SB001';
  end if;
  return v_limits;
end
$$;

-- The brake of the project that holds an action, as { brake, project, count, allowed }, or null. It opens no circuit: what has
-- been done goes out of the count by itself, and one tenant's circuit must not be another one's doing.
create function security.project_brake(p_plan security.plans, p_action jsonb, p_facts jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_limits constant jsonb := security.project_limits();
  v_rung constant text := p_action ->> 'do';
  v_users constant uuid[] := array(select jsonb_array_elements_text(p_facts -> 'users')::uuid);
  v_is_block constant boolean := v_rung in ('block_ip', 'block_range');
  v_actions bigint;
  v_blocks bigint;
  v_concerned bigint;
  v_held jsonb;
begin
  if v_rung = 'notify' then
    return null;
  end if;
  select
    count(*) filter (where a.playbook = p_plan.plan ->> 'playbook') + 1,
    count(*) filter (where a.rung in ('block_ip', 'block_range') and a.acted_at > now() - interval '10 minutes') + 1
  into v_actions, v_blocks
  from security.plan_actions as a
  where a.rung <> 'notify' and a.acted_at > now() - interval '1 hour' and a.state in ('done', 'reverted', 'over');

  select count(distinct concerned.id) into v_concerned
  from (
    select unnest(a.affected) as id
    from security.plan_actions as a
    where a.acted_at > now() - interval '1 hour' and a.state in ('done', 'reverted', 'over')
    union all
    select unnest(v_users)
  ) as concerned;

  select jsonb_build_object('brake', b.brake, 'project', true, 'count', b.count, 'allowed', b.allowed) into v_held
  from (
    values
    ('project_actions_per_hour', true, v_actions, (v_limits ->> 'actions_per_hour')::bigint),
    ('project_ips_per_10_min', v_is_block, v_blocks, (v_limits ->> 'ips_per_10_min')::bigint),
    ('project_users_per_hour', cardinality(v_users) > 0, v_concerned, least(
      (v_limits ->> 'users_per_hour')::bigint,
      greatest(
        (v_limits ->> 'users_floor')::bigint,
        floor((v_limits ->> 'users_share')::numeric * security_auth.active_users(now() - interval '30 days'))::bigint
      )
    ))
  ) as b (brake, asked, count, allowed)
  where b.asked and (b.count > b.allowed) is not false
  limit 1;
  return v_held;
end
$$;

-- As before, with the brakes of the project. Its lock comes before all others (docs/locks.md); what is counted behind it has
-- been committed.
create or replace function security.act(p_plan text, p_n integer, p_people jsonb, call jsonb)
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
  if subject.mode not in ('observe', 'dry_run')
    and exists (select from security.plan_actions as a where a.plan = p_plan and a.n = p_n and a.rung <> 'notify')
  then
    perform bees.lock_subject('security.project', '*');
  end if;
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
      held := coalesce(
        security.brake(subject, action, v_facts, security.people_involved(subject, p_people)),
        security.project_brake(subject, action, v_facts)
      );
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
  elsif held ? 'project' and made.state = 'refused' then
    perform security.alert_response(
      subject.tenant, 'project:' || v_problem, 'A brake of the whole project holds: ' || v_problem,
      format(
        'The plan %s and what all tenants have done lately would be %s together, allowed are %s. Look which of them does so much.',
        subject.id, held ->> 'count', held ->> 'allowed'
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
