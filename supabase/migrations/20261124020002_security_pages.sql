-- Consuming events: a page is read with the version of its tenant, judged outside of the database, and committed if nobody
-- else has consumed anything since. Whoever comes second changes nothing and reads anew, so that each event counts once,
-- however many executors are at work and wherever one of them dies.

-- How often each rule was asked and answered, by day: what the noise report is made of.
create table security.rule_days (
  tenant text not null,
  rule text not null,
  day date not null,
  evaluations bigint not null default 0,
  hits bigint not null default 0,
  suppressed bigint not null default 0,
  primary key (tenant, rule, day)
);

create index rule_days_day on security.rule_days (day);

-- Up to which event time a tenant has gone quiet or on: while events come, as far as they have come; else the clock, some
-- minutes back. What is older than a limit counted from here is over, also when history is read in.
create function security.horizon_ms(p_tenant text)
returns bigint
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select case
      when v.analysed_at > now() - interval '10 minutes'
        or exists (select from security.inbox as i where i.tenant = v.tenant)
        then v.watermark_ms
      else greatest(v.watermark_ms, (extract(epoch from now() - interval '10 minutes') * 1000)::bigint)
    end
    from security.versions as v
    where v.tenant = p_tenant
  );
end
$$;

-- The oldest events that wait, by event time, as many as the caller wants and not more than some megabyte of them.
create function security.analysis_page(input jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    with candidates as (
      select i.seq, i.time_ms, i.event ->> 'id' collate "C" as id, i.event, octet_length(i.event::text) as bytes
      from security.inbox as i
      where i.tenant = input ->> 'tenant'
      order by i.time_ms, i.event ->> 'id' collate "C", i.seq
      limit (input ->> 'most')::integer + 1
    ),
    counted as (
      select
        c.seq,
        c.event,
        row_number() over place as n,
        sum(c.bytes) over place as bytes
      from candidates as c
      window place as (order by c.time_ms, c.id, c.seq rows unbounded preceding)
    ),
    chosen as (
      -- One at least, however large.
      select c.seq, c.event, c.n
      from counted as c
      where c.n = 1 or (c.n <= (input ->> 'most')::integer and c.bytes <= (input ->> 'bytes')::bigint)
    )
    select jsonb_build_object(
      'version', coalesce((select v.version from security.versions as v where v.tenant = input ->> 'tenant'), 0),
      'watermark_ms', coalesce((select v.watermark_ms from security.versions as v where v.tenant = input ->> 'tenant'), 0),
      'settings', security.settings_of(input ->> 'tenant'),
      'events', (
        select coalesce(jsonb_agg(jsonb_build_object('seq', c.seq, 'event', c.event) order by c.n), '[]')
        from chosen as c
      ),
      'more', (select count(*) from candidates) > (select count(*) from chosen)
    )
  );
end
$$;

-- State rows by key, and the incidents that those among them name which lead to one.
create function security.analysis_states(input jsonb)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  with found as (
    select s.key, s.state
    from jsonb_array_elements_text(input -> 'keys') as k (key)
    inner join security.states as s on s.tenant = input ->> 'tenant' and s.key = k.key
  ),
  named as (
    select s.key, s.state
    from (
      select distinct 'incident|' || (f.state ->> 'incident') as key
      from found as f
      where f.key like 'at|%' or f.key like 'atq|%'
    ) as n
    inner join security.states as s on s.tenant = input ->> 'tenant' and s.key = n.key
  )
  select jsonb_build_object(
    'version', coalesce((select v.version from security.versions as v where v.tenant = input ->> 'tenant'), 0),
    'states', (
      select coalesce(jsonb_agg(jsonb_build_array(a.key, a.state)), '[]')
      from (select f.key, f.state from found as f union select n.key, n.state from named as n) as a
    )
  )
$$;

-- A stored event as bees/security/events/event.ts says.
create function security.event_json(p_event security.events)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select p_event.more || jsonb_strip_nulls(
    to_jsonb(p_event) - '{time,ingested_at,type_uid,more,data,schema_version,src_ip}'::text[]
    || jsonb_build_object(
      'time', round(extract(epoch from p_event.time) * 1000)::bigint,
      'src_ip', host(p_event.src_ip)
    )
  ) || case when p_event.data is null then '{}' else jsonb_build_object('data', p_event.data) end
$$;

-- Stored events after a place, in the order in which they happened.
create function security.analysis_range(input jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_most constant integer := input ->> 'most';
  v_after constant timestamptz := to_timestamp((input ->> 'after_ms')::bigint / 1000.0);
  v_to constant timestamptz := to_timestamp((input ->> 'to_ms')::bigint / 1000.0);
begin
  return (
    with found as (
      select e.time, e.id collate "C" as id, security.event_json(e) as event
      from security.events as e
      where e.tenant = input ->> 'tenant' and e.time >= v_after and e.time < v_to
        and (e.time > v_after or e.id collate "C" > input ->> 'after_id')
      order by e.time, e.id collate "C"
      limit v_most
    )
    select jsonb_build_object(
      'events', coalesce(jsonb_agg(f.event order by f.time, f.id), '[]'),
      'more', count(*) = v_most,
      'last_ms', coalesce(round(extract(epoch from max(f.time)) * 1000)::bigint, (input ->> 'to_ms')::bigint),
      'last_id', coalesce((array_agg(f.id order by f.time desc, f.id desc))[1], '')
    )
    from found as f
  );
end
$$;

create function security.settings_of(p_tenant text)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_agg(jsonb_build_object('rule', s.rule, 'settings', s.settings, 'mode', s.mode)), '[]')
  from security.settings as s
  where s.tenant = p_tenant
$$;

call bees.seal('security');
