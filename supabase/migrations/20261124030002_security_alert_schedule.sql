-- From a change of an incident to "this receiver is due then, because": pure bookkeeping, nothing is sent here.
--
-- Locks: whatever changes alerts, silences or routes of a tenant holds the tenant's lock, so that only one of them at a time
-- waits for notifications. Making and settling messages does not need it: the one skips what is locked, the other touches a
-- single notification.

create function security.alert_rank(severity text)
returns integer
language sql
immutable
return pg_catalog.array_position(array['info', 'low', 'medium', 'high', 'critical'], severity) - 1;

create function security.alert_severity(rank integer)
returns text
language sql
immutable
return (array['info', 'low', 'medium', 'high', 'critical'])[rank + 1];

-- The clock of the database; a test may set it.
create function security.alert_time(input jsonb)
returns timestamptz
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(to_timestamp((input ->> 'at_ms')::double precision / 1000), clock_timestamp())
$$;

-- Until when an incident is silenced; null: it is not. A silence about a rule covers an incident only when each of the
-- incident's rules has one: what another rule has found as well is told.
create function security.silenced_until(p_alert security.alerts, p_at timestamptz)
returns timestamptz
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  with fitting as (
    select s.rule, s.ends_at
    from security.silences as s
    where s.tenant = p_alert.tenant and s.ends_at > p_at and s.starts_at <= p_at
      and (s.incident is null or s.incident = p_alert.incident)
      and (
        s.entity_id is null
        or (s.entity_kind, s.entity_id) = (p_alert.body #>> '{entity,kind}', p_alert.body #>> '{entity,id}')
      )
      and security.alert_rank(p_alert.severity) <= security.alert_rank(s.max_severity)
  ),
  ruled as (
    select (select max(f.ends_at) from fitting as f where f.rule = one.rule) as ends_at
    from jsonb_array_elements_text(p_alert.body -> 'rules') as one (rule)
  )
  select nullif(
    greatest(
      coalesce((select max(f.ends_at) from fitting as f where f.rule is null), '-infinity'),
      coalesce((select min(r.ends_at) from ruled as r having count(*) = count(r.ends_at)), '-infinity')
    ),
    '-infinity'
  )
$$;

-- Each incident of a notification with what its receiver does not know yet.
create function security.notification_news(p_notification text, p_at timestamptz)
returns table (
  incident text, news text, told_rank integer, rank integer, is_open boolean, acked boolean,
  silenced_until timestamptz, loud boolean, alert security.alerts
)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select
    one.incident, one.news, one.told_rank, security.alert_rank((one.alert).severity), (one.alert).status = 'open',
    (one.alert).acked_at is not null, one.silenced_until,
    -- The end of what has been told is told, silence or not.
    one.news is not null and (one.news = 'closed' or one.silenced_until is null), one.alert
  from (
    select
      m.incident, m.told_rank, a as alert,
      case when silences.exist then security.silenced_until(a, p_at) end as silenced_until,
      case
        when m.told_rank is null then 'new'
        when a.status = 'closed' then case when m.told_rank >= 0 then 'closed' end
        when security.alert_rank(a.severity) > m.told_rank then 'raised'
        when a.acked_at is not null and not m.told_ack and n.kind <> 'email' then 'acknowledged'
      end as news
    from security.notification_members as m
    join security.notifications as n on n.id = m.notification
    join security.alerts as a on a.tenant = m.tenant and a.incident = m.incident
    -- Usually there is none, which is found out once.
    cross join lateral (
      select exists (select from security.silences as s where s.tenant = n.tenant and s.ends_at > p_at) as exist
    ) as silences
    where m.notification = p_notification
  ) as one
$$;

-- Says when the next message of a notification is due, and why. Called whenever something about it has changed.
create function security.schedule_notification(p_notification text, p_at timestamptz)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_note security.notifications;
  v_route security.routes;
  v_has_route boolean;
  v_sum record;
  v_repeat_at timestamptz;
  v_next timestamptz;
  v_because text;
begin
  select n.* into strict v_note from security.notifications as n where n.id = p_notification for update;
  select r.* into v_route
  from security.routes as r
  where r.tenant = v_note.route_tenant and r.name = v_note.route;
  v_has_route := found;

  select
    count(*) as members,
    coalesce(bool_or(s.loud), false) as has_news,
    coalesce(bool_or(s.loud and s.news in ('new', 'raised') and s.rank = 4), false) as critical,
    coalesce(bool_and(s.news = 'acknowledged') filter (where s.loud), false) as only_acks,
    coalesce(bool_or(s.is_open and s.told_rank >= 0 and not s.acked and s.silenced_until is null), false) as repeats,
    min(s.silenced_until) filter (
      where (s.news is not null and not s.loud) or (s.is_open and s.told_rank >= 0 and not s.acked)
    ) as silenced_until
  into strict v_sum
  from security.notification_news(p_notification, p_at) as s;

  if v_sum.has_news then
    if v_sum.critical and v_note.told_rank < 4 then
      -- A group that is critical already keeps its interval, or a storm of critical incidents were a storm of messages.
      v_because := 'critical';
      v_next := p_at;
    elsif v_sum.only_acks then
      v_because := 'acknowledged';
      v_next := p_at;
    elsif v_note.messages = 0 then
      v_because := 'group_wait';
      v_next := v_note.opened_at + coalesce(v_route.group_wait, interval '30 seconds');
    else
      v_because := 'group_interval';
      v_next := v_note.told_at + coalesce(v_route.group_interval, interval '5 minutes');
    end if;
  elsif v_sum.members = 0 then
    v_because := 'resolved';
  else
    if v_sum.repeats and v_has_route then
      v_repeat_at := v_note.told_at + v_route.repeat_interval;
    end if;
    v_next := least(v_repeat_at, v_sum.silenced_until);
    v_because := case
      when v_next is null and not v_has_route then 'no_route'
      when v_next is null then 'acknowledged'
      when v_next = v_repeat_at then 'repeat_interval'
      else 'silenced'
    end;
  end if;

  update security.notifications as n
  set next_at = v_next, because = v_because,
    state = case when v_sum.members = 0 then 'resolved' else n.state end,
    resolved_at = case when v_sum.members = 0 then coalesce(n.resolved_at, p_at) end
  where n.id = p_notification;
end
$$;

call bees.seal('security');
