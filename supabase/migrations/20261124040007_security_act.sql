-- Carrying out, taking back, letting run out, and looking whether it is so.

-- What an action is about, as it is now: what is compared before and after.
create function security.response_state(p_kind text, p_target text)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return jsonb_strip_nulls(jsonb_build_object(
    'sessions', case
      when p_kind = 'user' then security_auth.sessions_state(p_target::uuid, null)
      when p_kind = 'session' then security_auth.sessions_state(null, p_target::uuid)
    end,
    'banned_until', case when p_kind = 'user' then bees.rfc3339(security_auth.ban_of(p_target::uuid)) end,
    'restrictions', (
      select jsonb_agg(
        jsonb_build_array(r.plan, r.n, r.measure, bees.rfc3339(r.until), bees.rfc3339(r.issued_before))
        order by r.plan, r.n, r.measure
      )
      from security.restrictions as r
      where r.kind = p_kind and r.target = p_target
    )
  ));
end
$$;

-- Until when a user is banned by all locks of ours on top of what we found; null when there is none of ours.
create function security.locked_until(p_user text)
returns timestamptz
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select greatest(max(r.until), max(r.foreign_ban))
  from security.restrictions as r
  where r.measure = 'lock' and r.kind = 'user' and r.target = p_user
$$;

-- The effect of one action. Returns the id of the kept sessions, where there were any.
create function security.take_effect(p_plan security.plans, p_action jsonb, p_facts jsonb, p_limits jsonb)
returns uuid
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_n constant integer := (p_action ->> 'n')::integer;
  v_rung constant text := p_action ->> 'do';
  v_kind constant text := p_action #>> '{target,kind}';
  v_target constant text := p_action #>> '{target,id}';
  v_reason constant text := left(p_plan.plan ->> 'title', 300);
  v_until constant timestamptz := now() + coalesce(
    make_interval(secs => (p_action ->> 'duration_s')::integer), interval '100 years'
  );
  -- A token may be used as long as this, whatever becomes of its session.
  token_until constant timestamptz := now() + make_interval(secs => (p_limits ->> 'jwt_lifetime_s')::integer + 120);
  revoked jsonb;
  ban timestamptz;
  base timestamptz;
begin
  if v_rung in ('revoke_session', 'revoke_sessions') then
    if p_facts ? 'user' then
      revoked := security_auth.revoke_sessions(
        (p_facts ->> 'user')::uuid, case v_rung when 'revoke_session' then v_target::uuid end
      );
      insert into security.restrictions (plan, n, tenant, measure, kind, target, reason, until)
      select p_plan.id, v_n, p_plan.tenant, 'deny', 'session', s.value, v_reason, greatest(v_until, token_until)
      from jsonb_array_elements_text(revoked -> 'sessions') as s;
    end if;
    if v_rung = 'revoke_session' then
      insert into security.restrictions (plan, n, tenant, measure, kind, target, reason, until)
      values (p_plan.id, v_n, p_plan.tenant, 'deny', 'session', v_target, v_reason, greatest(v_until, token_until))
      on conflict do nothing;
    else
      -- Tokens of sessions that are over already. A token of a sign-in after this moment is a new matter.
      insert into security.restrictions (plan, n, tenant, measure, kind, target, issued_before, reason, until)
      values (
        p_plan.id, v_n, p_plan.tenant, 'deny', 'user', v_target, date_trunc('second', clock_timestamp()), v_reason,
        greatest(v_until, token_until)
      );
    end if;
    return (revoked ->> 'revocation')::uuid;
  end if;

  if v_rung = 'lock_user' then
    ban := security_auth.ban_of(v_target::uuid);
    base := ban;
    if ban is not null and ban = security.locked_until(v_target) then
      select r.foreign_ban into base
      from security.restrictions as r
      where r.measure = 'lock' and r.kind = 'user' and r.target = v_target
      order by r.foreign_ban desc nulls last
      limit 1;
    end if;
    insert into security.restrictions (plan, n, tenant, measure, kind, target, foreign_ban, reason, until)
    values (p_plan.id, v_n, p_plan.tenant, 'lock', 'user', v_target, base, v_reason, v_until);
    if security_auth.set_ban(v_target::uuid, greatest(ban, v_until), ban) <> 'set' then
      raise exception 'the user could not be locked' using errcode = 'SB003';
    end if;
    return null;
  end if;

  insert into security.restrictions (plan, n, tenant, measure, kind, target, net, reason, until)
  values (
    p_plan.id, v_n, p_plan.tenant,
    case when v_rung in ('challenge', 'throttle') then v_rung else 'deny' end,
    v_kind, v_target, (p_facts ->> 'net')::inet, v_reason, v_until
  );
  return null;
end
$$;

-- Takes away what an action has restricted. `changed`: somebody else has changed the ban since; it was left as it is.
create function security.lift_restrictions(p_plan text, p_n integer)
returns text
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  lock record;
  expected timestamptz;
  outcome text := 'lifted';
begin
  for lock in
    select r.target, r.foreign_ban
    from security.restrictions as r
    where r.plan = p_plan and r.n = p_n and r.measure = 'lock' and r.kind = 'user'
  loop
    expected := security.locked_until(lock.target);
    delete from security.restrictions as r
    where r.plan = p_plan and r.n = p_n and r.measure = 'lock' and r.kind = 'user' and r.target = lock.target;
    outcome := security_auth.set_ban(
      lock.target::uuid, coalesce(security.locked_until(lock.target), lock.foreign_ban), expected
    );
    outcome := case outcome when 'set' then 'lifted' else outcome end;
  end loop;
  delete from security.restrictions as r where r.plan = p_plan and r.n = p_n;
  return outcome;
end
$$;

-- What is not as it should be after an action; null when everything is.
create function security.effect_problem(p_done security.plan_actions)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  revoked uuid[];
begin
  if p_done.rung = 'notify' then
    return null;
  end if;
  if p_done.state = 'done' then
    if not exists (
      select from security.restrictions as r where r.plan = p_done.plan and r.n = p_done.n
    ) then
      return 'no restriction is in force';
    end if;
    if p_done.rung = 'lock_user' and coalesce(security_auth.ban_of(p_done.target::uuid), '-infinity') <= now()
      and exists (
        select from security.restrictions as r where r.plan = p_done.plan and r.n = p_done.n and r.until > now()
      )
    then
      return 'the user is not banned';
    end if;
    select array_agg(r.target::uuid) into revoked
    from security.restrictions as r
    where r.plan = p_done.plan and r.n = p_done.n and r.kind = 'session';
    if security_auth.sessions_alive(revoked) > 0 then
      return 'a revoked session is there';
    end if;
    return null;
  end if;
  if exists (select from security.restrictions as r where r.plan = p_done.plan and r.n = p_done.n) then
    return 'a restriction is still in force';
  end if;
  return null;
end
$$;

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

-- Whether a plan is to be carried out now, and marks it so. Returns { plan, go, state, problem, actions: [n] }.
create function security.begin_plan(p_plan text, p_people jsonb, call jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  subject security.plans;
  problem text;
begin
  select p.* into subject from security.plans as p where p.id = p_plan;
  if not found then
    return jsonb_build_object('plan', p_plan, 'go', false, 'state', null, 'problem', 'unknown_plan', 'actions', '[]'::jsonb);
  end if;
  perform security.lock_responses(subject.tenant);
  select p.* into subject from security.plans as p where p.id = p_plan for update;

  if subject.state in ('proposed', 'approved') then
    if subject.expires_at <= now() then
      problem := 'expired';
    else
      problem := security.may_not_act(subject, p_people);
    end if;
    if problem = 'altered' then
      perform security.refuse_altered(subject, security.caller_of(p_people, call));
      subject.state := 'refused';
    elsif problem is null then
      subject.state := 'executing';
      update security.plans as p set state = 'executing' where p.id = p_plan;
    elsif problem <> 'not_approved' then
      subject.state := case when problem = 'not_auto' then 'refused' else 'expired' end;
      update security.plans as p set state = subject.state, note = problem, ended_at = now() where p.id = p_plan;
      perform security.append_audit(subject.tenant, jsonb_build_object(
        'what', 'not_carried_out', 'plan', p_plan, 'who', security.caller_of(p_people, call), 'outcome', subject.state,
        'problem', problem, 'process', call ->> 'process'
      ));
    end if;
  end if;

  return jsonb_build_object(
    'plan', p_plan, 'go', subject.state = 'executing', 'state', subject.state, 'problem', problem,
    'actions', (
      select jsonb_agg(a.n order by a.n) from security.plan_actions as a where a.plan = p_plan
    )
  );
end
$$;

create function security.plan_reply(p_plan text)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'plan', p.id, 'state', p.state, 'problem', p.note, 'mode', p.mode,
    'actions', (
      select jsonb_agg(security.action_reply(a) order by a.n) from security.plan_actions as a where a.plan = p.id
    ),
    'audit', security.audit_head(p.tenant)
  )
  from security.plans as p
  where p.id = p_plan
$$;

-- The end of an execution: done, or why not.
create function security.finish_plan(p_plan text, p_people jsonb, call jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  subject security.plans;
  held integer;
  done integer;
begin
  select p.* into strict subject from security.plans as p where p.id = p_plan;
  perform security.lock_responses(subject.tenant);
  select p.* into strict subject from security.plans as p where p.id = p_plan for update;

  if subject.state = 'executing'
    and not exists (select from security.plan_actions as a where a.plan = p_plan and a.state = 'pending')
  then
    select count(*) filter (where a.state in ('refused', 'failed')),
      count(*) filter (where a.state not in ('refused', 'failed') and a.rung <> 'notify')
    into held, done
    from security.plan_actions as a
    where a.plan = p_plan;

    update security.plans as p
    set state = case when held = 0 then 'done' when done = 0 then 'refused' else 'failed' end,
      note = case when held > 0 then format('%s of %s actions were not carried out', held, held + done) else p.note end,
      ended_at = now()
    where p.id = p_plan
    returning p.* into subject;
    perform security.append_audit(subject.tenant, jsonb_build_object(
      'what', 'finished', 'plan', p_plan, 'who', security.caller_of(p_people, call), 'mode', subject.mode,
      'outcome', subject.state, 'problem', subject.note, 'process', call ->> 'process'
    ));
  end if;
  return security.plan_reply(p_plan);
end
$$;

-- Takes a whole plan back, the last action first. By a person: it gives sessions back to whoever has them.
create function security.revert_plan(p_plan text, p_reason text, p_people jsonb, call jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  who constant jsonb := security.person_of(p_people, call);
  subject security.plans;
  done security.plan_actions;
  outcome text;
  v_problem text;
  state jsonb;
  failures integer := 0;
begin
  select p.* into subject from security.plans as p where p.id = p_plan;
  if not found then
    return jsonb_build_object('plan', p_plan, 'state', null, 'problem', 'unknown_plan', 'actions', '[]'::jsonb);
  end if;
  perform security.lock_responses(subject.tenant);
  select p.* into subject from security.plans as p where p.id = p_plan for update;
  if who is null then
    perform security.append_audit(subject.tenant, jsonb_build_object(
      'what', 'revert_refused', 'plan', p_plan, 'who', security.caller_of(p_people, call), 'outcome', 'refused',
      'problem', 'unknown_key', 'process', call ->> 'process'
    ));
    return security.plan_reply(p_plan) || '{"problem": "unknown_key"}';
  end if;
  if subject.state = 'reverted' then
    return security.plan_reply(p_plan);
  end if;
  if subject.state not in ('executing', 'done', 'failed') then
    return security.plan_reply(p_plan) || '{"problem": "nothing_done"}';
  end if;

  for done in
    select a.* from security.plan_actions as a
    where a.plan = p_plan and a.state in ('done', 'over')
    order by a.n desc
    for update
  loop
    begin
      outcome := security.lift_restrictions(p_plan, done.n);
      v_problem := case when outcome <> 'lifted' then 'ban_' || outcome end;
      if done.revocation is not null then
        outcome := security_auth.restore_sessions(done.revocation);
        if outcome not in ('restored', 'already') then
          v_problem := 'sessions_' || outcome;
        end if;
      end if;
    exception
      when others then
        if security.is_passing(sqlstate) then
          raise;
        end if;
        v_problem := sqlstate;
    end;
    if v_problem is not null and v_problem <> 'ban_changed' then
      failures := failures + 1;
    end if;
    state := security.response_state(done.kind, done.target);
    update security.plan_actions as a
    set state = case when v_problem is null or v_problem = 'ban_changed' then 'reverted' else a.state end,
      problem = v_problem,
      verified_at = now()
    where a.plan = p_plan and a.n = done.n;
    perform security.append_audit(subject.tenant, jsonb_build_object(
      'what', 'reverted', 'plan', p_plan, 'action', done.n, 'do', done.rung, 'who', who, 'why', p_reason,
      'before', done.after_digest, 'after', security.digest(state), 'as_before', security.digest(state) = done.before_digest,
      'outcome', case when v_problem is null then 'reverted' else 'left' end, 'problem', v_problem,
      'process', call ->> 'process'
    ));
  end loop;

  update security.plans as p
  set state = case when failures = 0 then 'reverted' else 'failed' end,
    note = case when failures > 0 then 'the revert is incomplete' end,
    ended_at = now()
  where p.id = p_plan;
  return security.plan_reply(p_plan);
end
$$;

-- Looks whether the effect of a plan is there, and says so in the audit. Returns the problems: [{ n, problem }].
create function security.verify_plan(p_plan text, p_people jsonb, call jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_tenant text;
  made security.plan_actions;
  v_problem text;
  problems jsonb := '[]';
begin
  select p.tenant into v_tenant from security.plans as p where p.id = p_plan;
  if not found then
    return jsonb_build_object('plan', p_plan, 'state', null, 'problem', 'unknown_plan', 'actions', '[]'::jsonb);
  end if;
  perform security.lock_responses(v_tenant);
  for made in
    select a.* from security.plan_actions as a
    where a.plan = p_plan and a.rung <> 'notify' and a.state in ('done', 'over', 'reverted')
    order by a.n
  loop
    v_problem := security.effect_problem(made);
    update security.plan_actions as a set verified_at = now() where a.plan = p_plan and a.n = made.n;
    if v_problem is not null then
      problems := problems || jsonb_build_array(jsonb_build_object('n', made.n, 'problem', v_problem));
    end if;
  end loop;
  perform security.append_audit(v_tenant, jsonb_build_object(
    'what', 'verified', 'plan', p_plan, 'who', security.caller_of(p_people, call),
    'outcome', case when problems = '[]' then 'as_it_should_be' else 'not_as_it_should_be' end, 'problems', problems
  ));
  if problems <> '[]' then
    perform security.alert_response(
      v_tenant, 'effect:' || p_plan, 'A response has not the effect that it should have',
      format('The plan %s: %s.', p_plan, problems #>> '{0,problem}')
    );
  end if;
  return security.plan_reply(p_plan) || jsonb_build_object('problems', problems);
end
$$;

call bees.seal('security');
revoke update, delete, truncate on security.audit, security.approvals from bees_owner;
