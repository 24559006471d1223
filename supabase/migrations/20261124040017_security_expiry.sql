-- What ends by itself: restrictions, approvals, proposals, the memory of deleted sessions. And the second look at effects.

-- Lifts what is over for one tenant. Returns how many actions.
create function security.lift_over(p_tenant text, p_most integer)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  due record;
  made security.plan_actions;
  outcome text;
  v_problem text;
  lifted integer := 0;
  failed integer := 0;
begin
  for due in
    select r.plan, r.n
    from security.restrictions as r
    where r.tenant = p_tenant
    group by r.plan, r.n
    having max(r.until) <= now()
    order by max(r.until), r.plan, r.n
    limit p_most
  loop
    begin
      outcome := security.lift_restrictions(due.plan, due.n);
      update security.plan_actions as a
      set state = case when a.state = 'done' then 'over' else a.state end
      where a.plan = due.plan and a.n = due.n
      returning a.* into made;
      v_problem := security.effect_problem(made);
      perform security.append_audit(p_tenant, jsonb_build_object(
        'what', 'lifted', 'plan', due.plan, 'action', due.n, 'do', made.rung, 'who', '{"kind": "machine"}'::jsonb,
        'outcome', outcome, 'verified', v_problem is null, 'problem', v_problem
      ));
      lifted := lifted + 1;
    exception
      when others then
        if security.is_passing(sqlstate) then
          raise;
        end if;
        failed := failed + 1;
        perform security.alert_response(
          p_tenant, 'not_lifted:' || due.plan, 'A restriction could not be lifted',
          format('Action %s of the plan %s is over and could not be lifted (SQLSTATE %s).', due.n, due.plan, sqlstate)
        );
    end;
  end loop;
  return jsonb_build_object('lifted', lifted, 'failed', failed);
end
$$;

-- Proposals and approvals whose time is up.
create function security.expire_plans(p_tenant text, p_most integer)
returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  due security.plans;
  expired integer := 0;
begin
  for due in
    select p.*
    from security.plans as p
    where p.tenant = p_tenant
      and (
        p.state in ('proposed', 'approved') and p.expires_at <= now()
        or p.state = 'approved' and p.approved_until <= now()
      )
    order by p.proposed_at, p.id
    limit p_most
    for update
  loop
    update security.plans as p
    set state = 'expired', ended_at = now(),
      note = case when due.expires_at <= now() then 'expired' else 'approval_expired' end
    where p.id = due.id;
    perform security.append_audit(p_tenant, jsonb_build_object(
      'what', 'expired', 'plan', due.id, 'who', '{"kind": "machine"}'::jsonb, 'outcome', 'expired', 'was', due.state
    ));
    expired := expired + 1;
  end loop;
  return expired;
end
$$;

-- A minute after an action: is it as it should be?
create function security.verify_due(p_tenant text, p_most integer)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  made security.plan_actions;
  v_problem text;
  verified integer := 0;
  wrong integer := 0;
begin
  for made in
    select a.*
    from security.plan_actions as a
    where a.tenant = p_tenant
      and a.state = 'done'
      and a.verified_at is null
      and a.acted_at <= now() - interval '1 minute'
    order by a.acted_at, a.plan, a.n
    limit p_most
  loop
    v_problem := security.effect_problem(made);
    update security.plan_actions as a set verified_at = now() where a.plan = made.plan and a.n = made.n;
    continue when made.rung = 'notify';
    perform security.append_audit(p_tenant, jsonb_build_object(
      'what', 'verified', 'plan', made.plan, 'action', made.n, 'do', made.rung, 'who', '{"kind": "machine"}'::jsonb,
      'outcome', case when v_problem is null then 'as_it_should_be' else 'not_as_it_should_be' end, 'problem', v_problem
    ));
    verified := verified + 1;
    if v_problem is not null then
      wrong := wrong + 1;
      perform security.alert_response(
        p_tenant, 'effect:' || made.plan, 'A response has not the effect that it should have',
        format('Action %s of the plan %s: %s.', made.n, made.plan, v_problem)
      );
    end if;
  end loop;
  return jsonb_build_object('verified', verified, 'wrong', wrong);
end
$$;

-- One round of everything that is due, tenant by tenant. Repeating it does nothing more.
create function security.expire_responses(p_most integer)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_tenant text;
  lifted jsonb;
  verified jsonb;
  total jsonb := '{"expired": 0, "lifted": 0, "failed": 0, "verified": 0, "wrong": 0}';
  step jsonb;
begin
  for v_tenant in
    select due.tenant
    from (
      select r.tenant from security.restrictions as r where r.until <= now()
      union
      select p.tenant from security.plans as p
      where p.state in ('proposed', 'approved') and (p.expires_at <= now() or p.approved_until <= now())
      union
      select a.tenant from security.plan_actions as a
      where a.state = 'done' and a.verified_at is null and a.acted_at <= now() - interval '1 minute'
      union
      select r.tenant from security.response_alerts as r
      where r.closed_at is null and r.noted_at <= now() - interval '1 hour' and r.what not like 'circuit:%'
    ) as due
    order by due.tenant
    limit 50
  loop
    perform security.lock_responses(v_tenant);
    lifted := security.lift_over(v_tenant, p_most);
    verified := security.verify_due(v_tenant, p_most);
    step := lifted || verified || jsonb_build_object('expired', security.expire_plans(v_tenant, p_most));
    -- What failed once is told once; a circuit is open until somebody closes it.
    perform security.close_response_alert(v_tenant, quiet.what)
    from (
      select r.what
      from security.response_alerts as r
      where r.tenant = v_tenant and r.closed_at is null and r.noted_at <= now() - interval '1 hour'
        and r.what not like 'circuit:%'
      order by r.noted_at, r.what
      limit p_most
    ) as quiet;
    select jsonb_object_agg(t.key, (t.value #>> '{}')::integer + (step ->> t.key)::integer) into total
    from jsonb_each(total) as t;
  end loop;
  return total || jsonb_build_object(
    'forgotten', security_auth.forget_revocations(now() - interval '7 days'),
    'more', exists (select from security.restrictions as r where r.until <= now()) and (total ->> 'lifted')::integer > 0
  );
end
$$;

call bees.seal('security');
