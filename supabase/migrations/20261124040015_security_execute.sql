-- Beginning and ending the execution of a plan.

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

call bees.seal('security');
