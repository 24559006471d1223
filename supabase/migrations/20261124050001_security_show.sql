-- What a person asks first: how are things, what was found, why. Read by `bees security` through the ledger's query, in a
-- transaction that cannot write; nothing of it passes the broker.

create function security.show_status(p_tenant text)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'tenant', p_tenant,
    'events', coalesce((select v.events from security.versions as v where v.tenant = p_tenant), 0),
    'analysed_at', (select bees.rfc3339(v.analysed_at) from security.versions as v where v.tenant = p_tenant),
    'watermark_ms', (select v.watermark_ms from security.versions as v where v.tenant = p_tenant),
    'waiting', (select count(*) from security.inbox as i where i.tenant = p_tenant),
    'set_aside', (select count(*) from security.set_aside as s where s.tenant = p_tenant),
    'incidents', coalesce((
      select jsonb_object_agg(n.severity, n.open)
      from (
        select i.severity, count(*) as open
        from security.incidents as i
        where i.tenant = p_tenant and i.status = 'open' and not i.quiet
        group by i.severity
      ) as n
    ), '{}'),
    'streams', (
      select jsonb_build_object('all', count(*), 'learning', count(*) filter (where s.learning))
      from security.streams as s
      where s.tenant = p_tenant
    ),
    -- The noise report: what each rule has found in the last 7 days, the loudest first.
    'rules', coalesce((
      select jsonb_agg(to_jsonb(n) || to_jsonb(a) order by n.findings desc, n.rule)
      from (
        select f.rule, count(*) as findings, count(distinct f.incident) as incidents,
          count(*) filter (where f.quiet) as quiet, max(f.time_ms) as last_ms
        from security.findings as f
        where f.tenant = p_tenant and f.found_at > now() - interval '7 days'
        group by f.rule
      ) as n
      cross join lateral (
        select coalesce(sum(d.evaluations), 0) as evaluations, coalesce(sum(d.hits), 0) as hits,
          coalesce(sum(d.suppressed), 0) as suppressed
        from security.rule_days as d
        where d.tenant = p_tenant and d.rule = n.rule and d.day > current_date - 7
      ) as a
    ), '[]')
  )
$$;

create function security.show_incidents(p_tenant text, p_input jsonb)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('incidents', coalesce(jsonb_agg(n.shown order by n.last_ms desc, n.id), '[]'))
  from (
    select i.id, i.last_ms, jsonb_build_object(
      'id', i.id, 'status', i.status, 'severity', i.severity, 'confidence', i.confidence, 'title', i.title,
      'entity', jsonb_build_object('kind', i.entity_kind, 'id', i.entity_id), 'quiet', i.quiet,
      'first_ms', i.first_ms, 'last_ms', i.last_ms, 'events', i.incident -> 'events', 'rules', i.incident -> 'rules'
    ) as shown
    from security.incidents as i
    where i.tenant = p_tenant
      and (not i.quiet or (p_input ->> 'quiet')::boolean is true)
      and (p_input ->> 'status' is null or i.status = p_input ->> 'status')
      and (p_input ->> 'rule' is null or i.incident -> 'rules' ? (p_input ->> 'rule'))
    order by i.last_ms desc, i.id
    limit least(greatest(coalesce((p_input ->> 'limit')::integer, 20), 1), 200)
  ) as n
$$;

-- One incident by its id, or by the key of one of its findings (its beginning is enough where only one begins so).
create function security.show_incident(p_tenant text, p_id text)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  with wanted as (
    select i.id, i.status, i.incident, i.opened_at, i.changed_at, i.closed_at
    from security.incidents as i
    where i.tenant = p_tenant
      and i.id = coalesce(
        (select n.id from security.incidents as n where n.tenant = p_tenant and n.id = p_id),
        (
          select min(f.incident)
          from security.findings as f
          where f.tenant = p_tenant and starts_with(f.key, p_id) and char_length(p_id) >= 6
          having count(distinct f.incident) = 1
        )
      )
  ),
  found as (
    select f.finding, f.time_ms, f.key
    from security.findings as f
    join wanted as w on f.tenant = p_tenant and f.incident = w.id
    order by f.time_ms desc, f.key
    limit 20
  ),
  ids as (
    select distinct e.value as id
    from found, jsonb_array_elements_text(found.finding -> 'evidence') as e
    limit 40
  )
  select jsonb_build_object(
    'incident', (select w.incident || jsonb_build_object('status', w.status) from wanted as w),
    'findings', coalesce((select jsonb_agg(f.finding order by f.time_ms, f.key) from found as f), '[]'),
    'events', coalesce((
      select jsonb_agg(v.shown order by v.at, v.id)
      from (
        select e.time as at, e.id, jsonb_strip_nulls(to_jsonb(e) - '{data,raw,ingested_at}'::text[]) as shown
        from security.events as e
        where e.tenant = p_tenant and e.id in (select i.id from ids as i)
        limit 40
      ) as v
    ), '[]')
  )
$$;

create function bee_tasks.security__show__read(input jsonb, call jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_tenant constant text := coalesce(input ->> 'tenant', 'default');
begin
  case input ->> 'what'
    when 'status' then return security.show_status(v_tenant);
    when 'incidents' then return security.show_incidents(v_tenant, input);
    when 'incident' then return security.show_incident(v_tenant, input ->> 'id');
    else
      raise exception 'what: received something else, expected status, incidents or incident' using errcode = '22023';
  end case;
end
$$;

call bees.seal('security');
call bees.seal('bee_tasks');
