-- "Next notification at, because", for each incident and receiver; what is silenced, by whom and why; what could not be sent.
create function security.next_notifications(p_tenant text, p_incident text, p_at timestamptz, p_most integer)
returns table (
  incident text, severity text, status text, acked boolean, route text, receiver text, notification text,
  messages integer, told_at timestamptz, next_at timestamptz, because text, problem text, attempts integer
)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select
    a.incident, a.severity, a.status, a.acked_at is not null, n.route, n.receiver, n.id, n.messages, n.told_at,
    case when d.id is null then n.next_at else d.due_at end,
    case
      when n.id is null and a.quiet then 'quiet'
      when n.id is null and not exists (select from security.routes_of(a.tenant, p_at)) then 'no_route'
      when n.id is null then 'below_routes'
      when d.state = 'sending' then 'sending'
      when d.attempts > 0 then 'retry'
      when d.id is not null then 'waiting'
      else n.because
    end,
    d.problem, d.attempts
  from security.alerts as a
  left join (
    security.notification_members as m
    join security.notifications as n on n.id = m.notification and n.state = 'open'
  ) on m.tenant = a.tenant and m.incident = a.incident
  left join lateral (
    select one.*
    from security.deliveries as one
    where one.notification = n.id and one.state in ('waiting', 'sending')
    limit 1
  ) as d on true
  where a.tenant = p_tenant and (p_incident is null or a.incident = p_incident)
    and (a.status = 'open' or n.id is not null)
  order by a.noted_at desc, a.incident, n.receiver
  limit p_most
$$;

create function bee_tasks.security__show_alerts__read(input jsonb, call jsonb)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'notifications', coalesce((
      select jsonb_agg(
        jsonb_build_object(
          'incident', n.incident, 'severity', n.severity, 'status', n.status, 'acknowledged', n.acked,
          'route', n.route, 'receiver', n.receiver, 'notification', n.notification, 'messages', n.messages,
          'told_ms', security.alert_ms(n.told_at), 'next_ms', security.alert_ms(n.next_at), 'because', n.because,
          'problem', n.problem, 'attempts', n.attempts
        )
      )
      from security.next_notifications(
        input ->> 'tenant', input ->> 'incident', security.alert_time(input), (input ->> 'limit')::integer
      ) as n
    ), '[]'),
    'silences', coalesce((
      select jsonb_agg(
        jsonb_build_object(
          'id', s.id, 'author', s.author, 'reason', s.reason, 'rule', s.rule, 'incident', s.incident,
          'entity', case when s.entity_id is not null
            then jsonb_build_object('kind', s.entity_kind, 'id', s.entity_id)
          end,
          'max_severity', s.max_severity, 'ends_ms', security.alert_ms(s.ends_at)
        )
        order by s.ends_at
      )
      from (
        select one.*
        from security.silences as one
        where one.tenant = input ->> 'tenant' and one.ends_at > security.alert_time(input)
        order by one.ends_at
        limit 100
      ) as s
    ), '[]'),
    'dead', coalesce((
      select jsonb_agg(
        jsonb_build_object(
          'id', d.id, 'receiver', d.receiver, 'event', d.event, 'severity', d.severity, 'problem', d.problem,
          'status', d.status_code, 'attempts', d.attempts, 'settled_ms', security.alert_ms(d.settled_at)
        )
        order by d.settled_at desc
      )
      from (
        select one.*
        from security.deliveries as one
        where one.tenant = input ->> 'tenant' and one.state = 'dead'
          and one.settled_at > security.alert_time(input) - interval '7 days'
        order by one.settled_at desc
        limit 20
      ) as d
    ), '[]')
  )
$$;

call bees.seal('security');
call bees.seal('bee_tasks');
