-- Taking a plan back, and looking whether it has the effect that it should have.

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
    if v_problem not in ('ban_changed', 'sessions_new_password') then
      failures := failures + 1;
    end if;
    state := security.response_state(done.kind, done.target);
    update security.plan_actions as a
    set state = case when v_problem is null or v_problem in ('ban_changed', 'sessions_new_password') then 'reverted' else a.state end,
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
