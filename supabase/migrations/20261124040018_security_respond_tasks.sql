-- The tasks of the response.

-- respond_threat: { op: due | begin | act | finish | revert | verify, plan, n, reason, people }.
create function bee_tasks.security__respond_threat(input jsonb, call jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  people constant jsonb := input -> 'people';
  v_plan constant text := input ->> 'plan';
begin
  case input ->> 'op'
    when 'due' then
      return jsonb_build_object('plans', (
        select coalesce(jsonb_agg(due.id order by due.proposed_at, due.id), '[]')
        from (
          select p.id, p.proposed_at
          from security.plans as p
          where p.state in ('approved', 'executing') or p.state = 'proposed' and p.mode <> 'approve'
          order by p.proposed_at, p.id
          limit 10
        ) as due
      ));
    when 'begin' then return security.begin_plan(v_plan, people, call);
    when 'act' then return security.act(v_plan, (input ->> 'n')::integer, people, call);
    when 'finish' then return security.finish_plan(v_plan, people, call);
    when 'revert' then return security.revert_plan(v_plan, input ->> 'reason', people, call);
    when 'verify' then return security.verify_plan(v_plan, people, call);
    else
      perform bees.refuse_call('respond_threat: op: expected due, begin, act, finish, revert or verify');
      return null;
  end case;
end
$$;

create function bee_tasks.security__decide_plan(input jsonb, call jsonb)
returns jsonb
language sql
set search_path = pg_catalog, pg_temp
as $$ select security.decide_plan(input, call) $$;

create function bee_tasks.security__propose_plan(input jsonb, call jsonb)
returns jsonb
language sql
set search_path = pg_catalog, pg_temp
as $$ select security.propose_plan(input, call) $$;

create function bee_tasks.security__set_response_policy(input jsonb, call jsonb)
returns jsonb
language sql
set search_path = pg_catalog, pg_temp
as $$ select security.set_response_policy(input, call) $$;

create function bee_tasks.security__expire_responses(input jsonb, call jsonb)
returns jsonb
language sql
set search_path = pg_catalog, pg_temp
as $$ select security.expire_responses(100) $$;

-- show_response: { plan } one plan with everything about it; { tenant, state?, limit } the newest plans, and what holds;
-- with audit_from also 300 entries of the audit from there on.
create function bee_tasks.security__show_response__read(input jsonb, call jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_tenant constant text := input ->> 'tenant';
begin
  if input ->> 'plan' is not null then
    return jsonb_build_object('all', null, 'one', (
      select jsonb_build_object(
        'plan', p.plan, 'digest', p.digest, 'altered', security.is_altered(p), 'state', p.state, 'note', p.note,
        'approved_until', bees.rfc3339(p.approved_until), 'ended_at', bees.rfc3339(p.ended_at),
        'actions', (
          select jsonb_agg(
            security.action_reply(a) || jsonb_build_object(
              'acted_at', bees.rfc3339(a.acted_at), 'verified_at', bees.rfc3339(a.verified_at), 'facts', a.facts,
              'until', (
                select bees.rfc3339(max(r.until)) from security.restrictions as r where r.plan = a.plan and r.n = a.n
              )
            )
            order by a.n
          )
          from security.plan_actions as a
          where a.plan = p.id
        ),
        'approvals', (
          select coalesce(jsonb_agg(jsonb_build_object(
            'decision', d.decision, 'name', d.name, 'kid', d.kid, 'reason', d.reason, 'digest', d.digest,
            'process', d.process, 'at', bees.rfc3339(d.decided_at)
          ) order by d.id), '[]')
          from (
            select a.* from security.approvals as a where a.plan = p.id order by a.id desc limit 20
          ) as d
        ),
        'audit', (
          select coalesce(jsonb_agg(jsonb_build_object(
            'seq', e.seq, 'previous', e.previous, 'at', bees.rfc3339(e.at), 'entry', e.entry, 'hash', e.hash
          ) order by e.seq), '[]')
          from (
            select a.* from security.audit as a
            where a.tenant = p.tenant and a.entry ->> 'plan' = p.id
            order by a.seq desc
            limit 100
          ) as e
        )
      )
      from security.plans as p
      where p.id = input ->> 'plan'
    ));
  end if;

  return jsonb_build_object('one', null, 'all', jsonb_build_object(
    'plans', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'plan', p.id, 'state', p.state, 'mode', p.mode, 'note', p.note, 'incident', p.incident, 'digest', p.digest,
        'title', p.plan ->> 'title', 'severity', p.plan ->> 'severity', 'confidence', p.plan ->> 'confidence',
        'playbook', p.plan ->> 'playbook', 'actions', jsonb_array_length(p.plan -> 'actions'),
        'radius', p.plan -> 'radius', 'proposed_at', bees.rfc3339(p.proposed_at), 'expires_at', bees.rfc3339(p.expires_at)
      ) order by p.proposed_at desc, p.id), '[]')
      from (
        select x.* from security.plans as x
        where x.tenant = v_tenant
          and (input ->> 'state' is null or x.state = input ->> 'state')
          and (input ->> 'incident' is null or x.incident = input ->> 'incident')
        order by x.proposed_at desc, x.id
        limit least(greatest(coalesce((input ->> 'limit')::integer, 20), 1), 50)
      ) as p
    ),
    'restrictions', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'plan', r.plan, 'measure', r.measure, 'kind', r.kind, 'target', r.target, 'until', bees.rfc3339(r.until)
      ) order by r.until, r.plan, r.n), '[]')
      from (
        select x.* from security.restrictions as x
        where x.tenant = v_tenant and x.until > now()
        order by x.until, x.plan, x.n
        limit 100
      ) as r
    ),
    'circuits', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'id', c.id, 'playbook', c.playbook, 'brake', c.brake, 'plan', c.plan, 'opened_at', bees.rfc3339(c.opened_at)
      ) order by c.id), '[]')
      from security.circuits as c
      where c.tenant = v_tenant and c.closed_at is null
    ),
    'playbooks', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'playbook', b.playbook, 'mode', security.playbook_mode(v_tenant, b.playbook), 'set', b.mode is not null,
        'approvals', b.approvals, 'first_at', bees.rfc3339(b.first_at)
      ) order by b.playbook), '[]')
      from (
        select x.* from security.playbooks as x where x.tenant = v_tenant order by x.playbook limit 100
      ) as b
    ),
    'never_list', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'id', n.id, 'tenant', n.tenant, 'kind', n.kind, 'subject', coalesce(n.net::text, n.value), 'class', n.class,
        'author', n.author, 'reason', n.reason, 'expires_at', bees.rfc3339(n.expires_at)
      ) order by n.id), '[]')
      from (
        select x.* from security.never_list as x where x.tenant in (v_tenant, '*') order by x.id desc limit 200
      ) as n
    ),
    'limits', (
      select l.limits from security.limits as l where l.tenant in (v_tenant, '*') order by l.tenant = '*' limit 1
    ),
    'audit', security.audit_head(v_tenant),
    'chain', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'seq', e.seq, 'previous', e.previous, 'at', bees.rfc3339(e.at), 'entry', e.entry, 'hash', e.hash
      ) order by e.seq), '[]')
      from (
        select x.* from security.audit as x
        where x.tenant = v_tenant and x.seq >= (input ->> 'audit_from')::bigint
        order by x.seq
        limit 300
      ) as e
    )
  ));
end
$$;

-- show_response makes no transaction.
create function bee_tasks.security__show_response(input jsonb, call jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception 'show_response only reads' using errcode = '0A000';
end
$$;

call bees.seal('bee_tasks');
