-- From "due" to "sent": messages are made, claimed by one executor at a time and settled. Called by the tasks that send
-- (analyze_security, deliver_alerts) through security.alerts_step, each step in a transaction of its own.

-- The hive's receivers and the route that each of them stands for as long as a tenant has none of its own.
create function security.sync_routes(p_receivers jsonb, p_at timestamptz)
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

create function security.route_fields(p_route jsonb)
returns table (
  min_severity text, rules text[], group_by text, group_wait interval, group_interval interval, repeat_interval interval
)
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select
    p_route ->> 'min_severity',
    case when jsonb_typeof(p_route -> 'rules') = 'array'
      then array(select jsonb_array_elements_text(p_route -> 'rules'))
    end,
    p_route ->> 'group_by',
    make_interval(secs => (p_route ->> 'group_wait_s')::double precision),
    make_interval(secs => (p_route ->> 'group_interval_s')::double precision),
    make_interval(secs => (p_route ->> 'repeat_interval_s')::double precision)
$$;

create function security.route_json(p_route security.routes)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'kind', p_route.kind, 'min_severity', p_route.min_severity, 'rules', to_jsonb(p_route.rules),
    'group_by', p_route.group_by,
    'group_wait_s', extract(epoch from p_route.group_wait)::integer,
    'group_interval_s', extract(epoch from p_route.group_interval)::integer,
    'repeat_interval_s', extract(epoch from p_route.repeat_interval)::integer
  )
$$;

-- Makes the message that a notification is due, marks what has been told in it, and plans the next one.
create function security.make_delivery(p_notification text, p_at timestamptz)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_note security.notifications;
  v_sum record;
  v_event text;
  v_id text;
  v_message jsonb;
begin
  -- A silence may have come or gone since it was planned.
  perform security.schedule_notification(p_notification, p_at);
  select n.* into strict v_note from security.notifications as n where n.id = p_notification;
  if v_note.next_at is null or v_note.next_at > p_at then
    return;
  end if;

  select
    count(*) filter (where s.is_open) as open,
    bool_or(s.loud) as has_news,
    bool_and(s.news = 'acknowledged') filter (where s.loud) as only_acks,
    coalesce(bool_and(s.acked) filter (where s.is_open), false) as acked,
    max(s.rank) as rank,
    max(s.rank) filter (where s.is_open) as open_rank,
    min(((s.alert).body ->> 'first_ms')::bigint) as since_ms,
    greatest(count(*) - 20, 0) as more
  into strict v_sum
  from security.notification_news(p_notification, p_at) as s
  where s.loud or (s.told_rank is not null and s.silenced_until is null);

  v_event := case
    when v_note.messages = 0 then 'trigger'
    when v_sum.open = 0 and not exists (
      select
      from security.notification_members as m
      join security.alerts as a on a.tenant = m.tenant and a.incident = m.incident
      where m.notification = p_notification and a.status = 'open'
    ) then 'resolve'
    when v_sum.only_acks and v_sum.acked then 'acknowledge'
    when v_sum.has_news then 'update'
    else 'repeat'
  end;
  v_id := 'msg_' || left(
    encode(sha256(convert_to(format('%s|%s', p_notification, v_note.messages), 'UTF8')), 'hex'), 24
  );

  select jsonb_build_object(
    'v', 1, 'id', v_id, 'event', v_event, 'because', v_note.because, 'tenant', v_note.tenant,
    'notification', v_note.id, 'number', v_note.messages + 1, 'route', v_note.route, 'receiver', v_note.receiver,
    'group', jsonb_build_object('by', v_note.group_by, 'key', v_note.group_key),
    'severity', security.alert_severity(coalesce(v_sum.open_rank, v_sum.rank)),
    'acknowledged', v_sum.acked, 'open', v_sum.open, 'more', v_sum.more,
    'at_ms', floor(extract(epoch from p_at) * 1000), 'since_ms', v_sum.since_ms,
    'incidents', jsonb_agg(
      (one.alert).body - 'unheard' || jsonb_build_object(
        'status', (one.alert).status, 'severity', (one.alert).severity, 'news', one.news, 'acknowledged', one.acked
      )
      order by one.news is null, one.rank desc, one.incident
    )
  )
  into strict v_message
  from (
    select s.*
    from security.notification_news(p_notification, p_at) as s
    where s.loud or (s.told_rank is not null and s.silenced_until is null)
    order by s.news is null, s.rank desc, s.incident
    limit 20
  ) as one;

  insert into security.deliveries (
    id, notification, tenant, receiver, kind, event, severity, message, created_at, due_at
  )
  values (
    v_id, v_note.id, v_note.tenant, v_note.receiver, v_note.kind, v_event, v_message ->> 'severity', v_message, p_at,
    p_at
  );

  -- The first message opens, whatever has happened meanwhile; that it is over is said by the next one.
  update security.notification_members as m
  set told_rank = case when not s.is_open and v_note.messages > 0 then -1 else s.rank end, told_ack = s.acked
  from security.notification_news(p_notification, p_at) as s
  where m.notification = p_notification and m.incident = s.incident
    and (s.loud or (s.told_rank is not null and s.silenced_until is null));
  delete from security.notification_members as m where m.notification = p_notification and m.told_rank = -1;

  update security.notifications as n
  set messages = n.messages + 1, told_at = p_at, told_rank = coalesce(v_sum.open_rank, v_sum.rank)
  where n.id = p_notification;
  perform security.schedule_notification(p_notification, p_at);
end
$$;

call bees.seal('security');
