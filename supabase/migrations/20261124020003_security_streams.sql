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

call bees.seal('security');
