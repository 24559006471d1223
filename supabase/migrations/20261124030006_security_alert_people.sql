-- What people do to alerts: silence them for a while, take an incident up, say who is to be told, have dead letters sent again.
-- Whoever does it is named by the key that signed the task's envelope; what nobody has signed is refused.

create function security.alert_author(call jsonb)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if call #>> '{nonce,kid}' is null then
    raise exception 'security: nobody has signed this; expected an envelope with a submitter' using errcode = '22023';
  end if;
  return call #>> '{nonce,kid}';
end
$$;

-- Plans every open notification of a tenant anew.
create function security.replan_notifications(p_tenant text, p_at timestamptz)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_note record;
begin
  for v_note in
    select n.id
    from security.notifications as n
    where n.tenant = p_tenant and n.state = 'open'
    order by n.told_at desc nulls first, n.id
    limit 1000
  loop
    perform security.schedule_notification(v_note.id, p_at);
  end loop;
end
$$;

create function bee_tasks.security__silence_alerts(input jsonb, call jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_at constant timestamptz := security.alert_time(input);
  v_author constant text := security.alert_author(call);
  v_silence security.silences;
begin
  perform bees.lock_subject('security:alerts', input ->> 'tenant');
  insert into security.silences as s (
    tenant, author, reason, rule, entity_kind, entity_id, incident, max_severity, starts_at, ends_at
  )
  values (
    input ->> 'tenant', v_author, input ->> 'reason', input ->> 'rule', input #>> '{entity,kind}',
    input #>> '{entity,id}', input ->> 'incident', input ->> 'max_severity', v_at,
    v_at + make_interval(mins => (input ->> 'minutes')::integer)
  )
  returning s.* into v_silence;
  perform security.replan_notifications(v_silence.tenant, v_at);

  return jsonb_build_object(
    'id', v_silence.id,
    'ends_ms', security.alert_ms(v_silence.ends_at),
    'covers', (
      select count(*)
      from security.alerts as a
      where a.tenant = v_silence.tenant and a.status = 'open' and security.silenced_until(a, v_at) is not null
    )
  );
end
$$;

create function security.alert_ms(p_at timestamptz)
returns bigint
language sql
immutable
return pg_catalog.floor(extract(epoch from p_at) * 1000)::bigint;

create function bee_tasks.security__unsilence_alerts(input jsonb, call jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_at constant timestamptz := security.alert_time(input);
  v_author constant text := security.alert_author(call);
begin
  perform bees.lock_subject('security:alerts', input ->> 'tenant');
  update security.silences as s
  set ends_at = greatest(v_at, s.starts_at + interval '1 millisecond'), ended_by = v_author
  where s.tenant = input ->> 'tenant' and s.id = input ->> 'id' and s.ends_at > v_at and s.ended_by is null;
  if not found then
    return jsonb_build_object('ended', false);
  end if;
  perform security.replan_notifications(input ->> 'tenant', v_at);
  return jsonb_build_object('ended', true);
end
$$;

create function bee_tasks.security__ack_incident(input jsonb, call jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_at constant timestamptz := security.alert_time(input);
  v_author constant text := security.alert_author(call);
  v_notifications bigint;
begin
  perform bees.lock_subject('security:alerts', input ->> 'tenant');
  update security.alerts as a
  set acked_at = coalesce(a.acked_at, v_at), acked_by = coalesce(a.acked_by, v_author)
  where a.tenant = input ->> 'tenant' and a.incident = input ->> 'incident' and a.status = 'open';
  if not found then
    return jsonb_build_object('acknowledged', false, 'notifications', 0);
  end if;

  perform security.schedule_notification(n.id, v_at)
  from security.notifications as n
  join security.notification_members as m on m.notification = n.id
  where m.tenant = input ->> 'tenant' and m.incident = input ->> 'incident' and n.state = 'open';
  get diagnostics v_notifications = row_count;
  return jsonb_build_object('acknowledged', true, 'notifications', v_notifications);
end
$$;

-- All routes of a tenant, or those for everybody (*), as a whole. What hives have made of their receivers is not touched.
create function bee_tasks.security__set_alert_routes(input jsonb, call jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_at constant timestamptz := security.alert_time(input);
  v_author constant text := security.alert_author(call);
  v_alert record;
begin
  perform bees.lock_subject('security:alerts', input ->> 'tenant');
  delete from security.routes as r
  where r.tenant = input ->> 'tenant' and not r.from_environment
    and r.name not in (select one ->> 'name' from jsonb_array_elements(input -> 'routes') as one);
  insert into security.routes as r (
    tenant, name, receiver, kind, min_severity, rules, group_by, group_wait, group_interval, repeat_interval,
    from_environment, seen_at, author
  )
  select
    input ->> 'tenant', one ->> 'name', one ->> 'receiver', one ->> 'kind', f.min_severity, f.rules, f.group_by,
    f.group_wait, f.group_interval, f.repeat_interval, false, v_at, v_author
  from jsonb_array_elements(input -> 'routes') as one
  cross join lateral security.route_fields(one) as f
  on conflict (tenant, name) do update
  set receiver = excluded.receiver, kind = excluded.kind, min_severity = excluded.min_severity, rules = excluded.rules,
    group_by = excluded.group_by, group_wait = excluded.group_wait, group_interval = excluded.group_interval,
    repeat_interval = excluded.repeat_interval, from_environment = false, seen_at = excluded.seen_at,
    author = excluded.author;

  -- A new route hears of what is going on; for everybody's (*) the next change of an incident is soon enough.
  for v_alert in
    select a.incident
    from security.alerts as a
    where a.tenant = input ->> 'tenant' and a.status = 'open' and a.noted_at > v_at - interval '1 day'
    order by a.incident
    limit 500
  loop
    perform security.route_alert(input ->> 'tenant', v_alert.incident, v_at);
  end loop;
  perform security.replan_notifications(input ->> 'tenant', v_at);
  return jsonb_build_object('routes', jsonb_array_length(input -> 'routes'));
end
$$;

-- Dead letters of one receiver of the last 7 days, back into the queue with all their tries.
create function bee_tasks.security__resend_alerts(input jsonb, call jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_at constant timestamptz := security.alert_time(input);
  v_author constant text := security.alert_author(call);
  v_count bigint;
begin
  update security.deliveries as d
  set state = 'waiting', due_at = v_at, attempts = 0, created_at = v_at, settled_at = null
  where d.id in (
    select one.id
    from security.deliveries as one
    where one.tenant = input ->> 'tenant' and one.receiver = input ->> 'receiver' and one.state = 'dead'
      and one.settled_at > v_at - interval '7 days'
    order by one.settled_at desc
    limit 200
    for update skip locked
  );
  get diagnostics v_count = row_count;
  return jsonb_build_object('resent', v_count);
end
$$;

call bees.seal('security');
call bees.seal('bee_tasks');
