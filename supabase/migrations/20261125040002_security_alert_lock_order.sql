-- The alerts' part of the one order of locks: those of tenants by their names, that of everybody (*) first; of a notification
-- first itself, then its members. Each function is as before but for what its comments say.

create or replace function security.route_alert(p_tenant text, p_incident text, p_at timestamptz)
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
    -- The notification before its member: whoever sends holds it while he marks what he tells.
    perform
    from security.notifications as n
    where n.state = 'open' and n.id in (
      select m.notification
      from security.notification_members as m
      where m.tenant = p_tenant and m.incident = p_incident and m.told_rank is null
    )
    order by n.id
    for update;

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

-- Whoever sets everybody's routes (*) holds the lock of *; so does a hive that writes its own there.
create or replace function security.sync_routes(p_receivers jsonb, p_at timestamptz)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_new boolean := false;
  v_one jsonb;
  v_alert record;
  v_touched text[] := '{}';
  v_notification text;
begin
  for v_one in
    select one from jsonb_array_elements(p_receivers) as one where one -> 'route' <> 'null' order by one ->> 'name'
  loop
    -- Usually nothing has changed and nothing is written.
    perform
    from security.routes as r
    where r.tenant = '*' and r.name = v_one ->> 'name' and r.receiver = v_one ->> 'name'
      and r.seen_at between p_at - interval '10 minutes' and p_at + interval '10 minutes'
      and (
        not r.from_environment
        or security.route_json(r) = v_one -> 'route' || jsonb_build_object('kind', v_one -> 'kind')
      );
    continue when found;

    perform bees.lock_subject('security:alerts', '*');
    insert into security.routes as r (
      tenant, name, receiver, kind, min_severity, rules, group_by, group_wait, group_interval, repeat_interval,
      from_environment, seen_at
    )
    select
      '*', v_one ->> 'name', v_one ->> 'name', v_one ->> 'kind', f.min_severity, f.rules, f.group_by, f.group_wait,
      f.group_interval, f.repeat_interval, true, p_at
    from security.route_fields(v_one -> 'route') as f
    on conflict (tenant, name) do update
    set kind = excluded.kind, min_severity = excluded.min_severity, rules = excluded.rules,
      group_by = excluded.group_by, group_wait = excluded.group_wait, group_interval = excluded.group_interval,
      repeat_interval = excluded.repeat_interval, seen_at = excluded.seen_at
    -- What a person has set under this name stays.
    where r.from_environment;
    v_new := v_new or found;
  end loop;

  -- A new receiver hears of what is going on.
  if v_new then
    for v_alert in
      select a.tenant, a.incident
      from security.alerts as a
      where a.status = 'open' and a.noted_at > p_at - interval '1 day'
      order by a.tenant, a.incident
      limit 500
    loop
      perform bees.lock_subject('security:alerts', v_alert.tenant);
      v_touched := v_touched || array(select security.route_alert(v_alert.tenant, v_alert.incident, p_at));
    end loop;
    for v_notification in select distinct one from unnest(v_touched) as one order by one
    loop
      perform security.schedule_notification(v_notification, p_at);
    end loop;
  end if;
end
$$;

call bees.seal('security');
