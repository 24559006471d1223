-- Metric streams: points come with the events that they are counted from, in the transaction that consumes these.

-- Adds points of one tenant: { stream, kind, time_ms, value }, each stream and time once. Those of a count are parts of one
-- minute's number and add up; of a metric's own values the last one stands. A time that the detector has seen is over. A name
-- comes from outside, so there are at most 500 streams; further ones are not followed.
create function security.add_points(p_tenant text, p_points jsonb)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  room integer;
begin
  if p_points = '[]' then
    return;
  end if;

  select 500 - count(*) into room from security.streams as s where s.tenant = p_tenant;
  insert into security.streams as s (tenant, stream, kind)
  select p_tenant, n.stream, n.kind
  from (
    select p ->> 'stream' as stream, min(p ->> 'kind') as kind
    from jsonb_array_elements(p_points) as p
    where not exists (select from security.streams as t where t.tenant = p_tenant and t.stream = p ->> 'stream')
    group by p ->> 'stream'
    order by 1
    limit greatest(room, 0)
  ) as n
  on conflict (tenant, stream) do nothing;

  update security.streams as s
  set late = s.late + l.n
  from (
    select t.stream, count(*) as n
    from jsonb_array_elements(p_points) as p
    inner join security.streams as t on t.tenant = p_tenant and t.stream = p ->> 'stream'
    where (p ->> 'time_ms')::bigint <= t.last_ms
    group by t.stream
  ) as l
  where s.tenant = p_tenant and s.stream = l.stream;

  insert into security.points as p (tenant, stream, time_ms, value)
  select p_tenant, t.stream, (g ->> 'time_ms')::bigint, (g ->> 'value')::double precision
  from jsonb_array_elements(p_points) as g
  inner join security.streams as t on t.tenant = p_tenant and t.stream = g ->> 'stream'
  where (g ->> 'time_ms')::bigint > t.last_ms and t.kind = 'count'
  on conflict (tenant, stream, time_ms) do update set value = p.value + excluded.value;

  insert into security.points as p (tenant, stream, time_ms, value)
  select p_tenant, t.stream, (g ->> 'time_ms')::bigint, (g ->> 'value')::double precision
  from jsonb_array_elements(p_points) as g
  inner join security.streams as t on t.tenant = p_tenant and t.stream = g ->> 'stream'
  where (g ->> 'time_ms')::bigint > t.last_ms and t.kind = 'value'
  on conflict (tenant, stream, time_ms) do update set value = excluded.value;
end
$$;

-- Up to which time the points of a stream are complete: events may come a minute late. For a count: the last whole minute.
create function security.complete_ms(p_kind text, p_horizon_ms bigint)
returns bigint
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select case p_kind
    when 'count' then ((p_horizon_ms - 60000) / 60000 - 1) * 60000
    else p_horizon_ms - 60000
  end
$$;

-- Streams with something new for their detectors, those first that have waited longest, each with its next points. A count of
-- which nothing comes any more is looked at four times an hour: its zeros are no news.
create function security.due_streams(input jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_tenant constant text := input ->> 'tenant';
  v_all constant boolean := input -> 'streams' = 'null';
  v_points constant integer := input ->> 'points';
begin
  return (
    with horizons as materialized (
      select v.tenant, v.version, security.horizon_ms(v.tenant) as ms
      from security.versions as v
      where v_tenant is null or v.tenant = v_tenant
    ),
    due as (
      select s.tenant, s.stream, s.kind, s.version, s.state, s.last_ms, s.judged_at, h.version as tenant_version, c.ms as complete_ms
      from horizons as h
      inner join security.streams as s on s.tenant = h.tenant
      cross join lateral (select security.complete_ms(s.kind, h.ms) as ms) as c
      where (v_all or s.stream in (select e from jsonb_array_elements_text(input -> 'streams') as e))
        and (
          exists (
            select
            from security.points as p
            where p.tenant = s.tenant and p.stream = s.stream and p.time_ms > s.last_ms and p.time_ms <= c.ms
          )
          or (s.kind = 'count' and s.last_ms > 0 and s.last_ms <= c.ms - case when v_all then 900000 else 60000 end)
        )
      order by s.judged_at nulls first, s.tenant, s.stream
      limit (input ->> 'most')::integer
    )
    select coalesce(jsonb_agg(
      to_jsonb(d) - 'judged_at' || jsonb_build_object(
        'points', (
          select coalesce(jsonb_agg(jsonb_build_array(p.time_ms, p.value) order by p.time_ms), '[]')
          from (
            select p.time_ms, p.value
            from security.points as p
            where p.tenant = d.tenant and p.stream = d.stream and p.time_ms > d.last_ms and p.time_ms <= d.complete_ms
            order by p.time_ms
            limit v_points
          ) as p
        )
      )
      order by d.judged_at nulls first, d.tenant, d.stream
    ), '[]')
    from due as d
  );
end
$$;

-- What the detectors remember, with the points that they have seen taken away.
create function security.write_streams(p_tenant text, p_streams jsonb)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  update security.streams as s
  set
    state = e -> 'state',
    version = s.version + 1,
    last_ms = (e ->> 'last_ms')::bigint,
    points = s.points + (e ->> 'points')::bigint,
    learning = (e ->> 'learning')::boolean,
    anomaly = case when e -> 'anomaly' = 'null' then s.anomaly else e -> 'anomaly' end,
    anomaly_ms = coalesce((e ->> 'anomaly_ms')::bigint, s.anomaly_ms),
    judged_at = now()
  from jsonb_array_elements(p_streams) as e
  where s.tenant = p_tenant and s.stream = e ->> 'stream';

  delete from security.points as p
  using jsonb_array_elements(p_streams) as e
  where p.tenant = p_tenant and p.stream = e ->> 'stream' and p.time_ms <= (e ->> 'last_ms')::bigint;
end
$$;

create function bee_tasks.security__detect_anomaly(input jsonb, call jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if input ->> 'op' like 'alerts%' then
    return security.alerts_step(input, call);
  end if;
  return case input ->> 'op'
    when 'begin' then '{}'
    when 'commit' then security.analysis_commit(input)
  end;
end
$$;

create function bee_tasks.security__detect_anomaly__read(input jsonb, call jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case input ->> 'op'
    when 'due' then jsonb_build_object('streams', security.due_streams(input))
    when 'settings' then jsonb_build_object('settings', security.settings_of(input ->> 'tenant'))
    else security.analysis_states(input)
  end;
end
$$;

call bees.seal('security');
call bees.seal('bee_tasks');
