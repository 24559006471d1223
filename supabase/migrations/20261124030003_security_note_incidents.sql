-- The way in: incidents become alerts, and alerts come into the notifications of those who want to know.

-- The routes that count for a tenant: its own, or else those of everybody.
create function security.routes_of(p_tenant text, p_at timestamptz)
returns setof security.routes
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select r.*
  from security.routes as r
  where (not r.from_environment or r.seen_at > p_at - interval '1 day')
    and r.tenant = case
      when exists (select from security.routes as own where own.tenant = p_tenant) then p_tenant
      else '*'
    end
$$;

-- Puts an incident into the notifications where it belongs, and returns those that are to be scheduled because of it.
create function security.route_alert(p_tenant text, p_incident text, p_at timestamptz)
returns setof text
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_alert security.alerts;
  v_route security.routes;
  v_by text;
  v_key text;
  v_notification text;
begin
  select a.* into strict v_alert from security.alerts as a where a.tenant = p_tenant and a.incident = p_incident;

  -- What began and ended in a silence was never told, so there is nothing to say of its end.
  if v_alert.status = 'closed' and security.silenced_until(v_alert, p_at) is not null then
    return query
    delete from security.notification_members as m
    using security.notifications as n
    where m.tenant = p_tenant and m.incident = p_incident and m.told_rank is null
      and n.id = m.notification and n.state = 'open'
    returning n.id;
  end if;

  if not v_alert.quiet then
    for v_route in
      select r.*
      from security.routes_of(p_tenant, p_at) as r
      where security.alert_rank(v_alert.severity) >= security.alert_rank(r.min_severity)
        and (r.rules is null or exists (
          select from jsonb_array_elements_text(v_alert.body -> 'rules') as one (rule) where one.rule = any (r.rules)
        ))
        -- One that is over is told when nobody could know of it before: it was opened and closed in one go.
        and (v_alert.status = 'open' or v_alert.body -> 'unheard' = 'true')
    loop
      v_by := v_route.group_by;
      if v_by = 'all' and v_alert.severity = 'critical' then
        v_by := 'entity';
      end if;
      v_key := case v_by
        when 'entity' then concat_ws('|', v_alert.body #>> '{entity,kind}', v_alert.body #>> '{entity,id}')
        when 'rule' then coalesce(v_alert.body #>> '{rules,0}', '')
        else ''
      end;

      -- Where it is already, it stays, though its worst entity or its first rule may be another one now.
      if exists (
        select
        from security.notification_members as m
        join security.notifications as n on n.id = m.notification
        where m.tenant = p_tenant and m.incident = p_incident and n.state = 'open'
          and (n.route_tenant, n.route, n.group_by) = (v_route.tenant, v_route.name, v_by)
      ) then
        continue;
      end if;

      insert into security.notifications as n (
        tenant, route_tenant, route, receiver, kind, group_by, group_key, opened_at, because
      )
      values (
        p_tenant, v_route.tenant, v_route.name, v_route.receiver, v_route.kind, v_by, v_key, p_at, 'group_wait'
      )
      on conflict (tenant, route_tenant, route, group_by, group_key) where state = 'open'
      do update set receiver = excluded.receiver, kind = excluded.kind
      returning n.id into v_notification;

      insert into security.notification_members (notification, tenant, incident, added_at)
      values (v_notification, p_tenant, p_incident, p_at)
      on conflict do nothing;
    end loop;
  end if;

  return query
  select n.id
  from security.notifications as n
  join security.notification_members as m on m.notification = n.id
  where m.tenant = p_tenant and m.incident = p_incident and n.state = 'open';
end
$$;

-- The outbox: called in the transaction that changes incidents, so that an incident and the duty to tell of it are stored
-- together or not at all. p_changes is an array of what bees/security/analysis/incident.ts describes.
create function security.note_incidents(p_tenant text, p_changes jsonb, p_at timestamptz)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_change jsonb;
  v_status text;
  v_seen security.alerts;
  v_unheard boolean;
  v_touched text[] := '{}';
  v_notification text;
begin
  perform bees.lock_subject('security:alerts', p_tenant);

  for v_change in select one from jsonb_array_elements(coalesce(p_changes, '[]')) as one
  loop
    v_status := case v_change ->> 'change' when 'closed' then 'closed' else 'open' end;
    select a.* into v_seen
    from security.alerts as a
    where a.tenant = p_tenant and a.incident = v_change ->> 'incident';
    v_unheard := not found or v_seen.quiet or (v_seen.status = 'closed' and v_status = 'open');

    insert into security.alerts as a (tenant, incident, status, severity, quiet, body, noted_at)
    values (
      p_tenant, v_change ->> 'incident', v_status, v_change ->> 'severity',
      coalesce((v_change ->> 'quiet')::boolean, false), security.alert_body(v_change, v_unheard), p_at
    )
    on conflict (tenant, incident) do update
    set status = excluded.status, severity = excluded.severity, quiet = excluded.quiet, body = excluded.body,
      noted_at = excluded.noted_at,
      -- Whoever took it up did so for what it was then.
      acked_at = case
        when v_unheard or security.alert_rank(excluded.severity) > security.alert_rank(a.severity) then null
        else a.acked_at
      end,
      acked_by = case
        when v_unheard or security.alert_rank(excluded.severity) > security.alert_rank(a.severity) then null
        else a.acked_by
      end;

    v_touched := v_touched || array(select security.route_alert(p_tenant, v_change ->> 'incident', p_at));
  end loop;

  -- Once each, since many incidents may share one.
  for v_notification in select distinct one from unnest(v_touched) as one order by one
  loop
    perform security.schedule_notification(v_notification, p_at);
  end loop;
end
$$;

-- Of a change, what a message needs; bounded, whatever came.
create function security.alert_body(p_change jsonb, p_unheard boolean)
returns jsonb
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'incident', p_change -> 'incident',
    'confidence', p_change -> 'confidence',
    'title', left(p_change ->> 'title', 300),
    'entity', p_change -> 'entity',
    'related', coalesce(jsonb_path_query_array(p_change, '$.related[0 to 9]'), '[]'),
    'rules', coalesce(jsonb_path_query_array(p_change, '$.rules[0 to 39]'), '[]'),
    'findings', jsonb_array_length(coalesce(p_change -> 'findings', '[]')),
    'first_ms', p_change -> 'first_ms',
    'last_ms', p_change -> 'last_ms',
    'events', p_change -> 'events',
    'explanation', left(p_change ->> 'explanation', 1500),
    'response', p_change -> 'response',
    'risk', p_change -> 'risk',
    'unheard', p_unheard
  )
$$;

call bees.seal('security');
