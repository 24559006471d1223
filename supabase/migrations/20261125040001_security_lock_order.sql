-- One order in which locks are taken (docs/locks.md), so that of two transactions one may wait for the other, never each for
-- the other. Before, these could meet crosswise:
--   an analysis that tells of an incident, with a response of the same tenant (alerts, then responses; and the other way);
--   two runs that close incidents of several tenants, in the order in which these had ended;
--   a sender that marks what was told, with an incident that ends in a silence (member, then notification; and the other way);
--   points of an analysis, with a detector that goes on (streams in no order);
--   two batches that make partitions of several days (a lock for each day, and between them that of the table);
--   whoever forgets what is old, with whoever writes it once more.
-- Each function is as before but for what its comments say.

-- The lock of the responses comes before that of the alerts: a response that is in trouble tells so while it holds its own.
create or replace function security.tell_incidents(p_tenant text, p_changes jsonb)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_responds constant boolean := to_regprocedure('security.propose_plans(text, jsonb, timestamptz)') is not null;
begin
  if p_changes = '[]' then
    return;
  end if;
  -- No response is proposed for what is over.
  if v_responds and p_changes @? '$[*] ? (@.change != "closed")' then
    perform security.lock_responses(p_tenant);
  end if;
  if to_regprocedure('security.note_incidents(text, jsonb, timestamptz)') is not null then
    perform security.note_incidents(p_tenant, p_changes, now());
  end if;
  if v_responds then
    perform security.propose_plans(p_tenant, p_changes, now());
  end if;
end
$$;

-- Tenant by tenant in the order of their names, each told once. The lock of a tenant's alerts comes first, and no incident is
-- waited for: an analysis may hold it and wait for the alerts, or hold these and wait for an incident.
create or replace function security.close_incidents(most integer)
returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_horizons jsonb;
  v_due record;
  v_changes jsonb;
  v_closed integer := 0;
begin
  select coalesce(jsonb_object_agg(t.tenant, security.horizon_ms(t.tenant)), '{}') into v_horizons
  from (select distinct n.tenant from security.incidents as n where n.status = 'open') as t;

  for v_due in
    select d.tenant, array_agg(d.id) as ids
    from (
      select n.tenant, n.id
      from security.incidents as n
      where n.status = 'open' and n.until_ms < (v_horizons ->> n.tenant)::bigint
      order by n.until_ms
      limit most
    ) as d
    group by d.tenant
    order by d.tenant
  loop
    perform bees.lock_subject('security:alerts', v_due.tenant);
    with closed as (
      update security.incidents as n
      set
        status = 'closed',
        incident = n.incident || '{"change": "closed", "wants": []}',
        changed_at = now(),
        closed_at = now()
      -- By place, which cannot change while the row is locked: some rows are found without reading all.
      where n.ctid = any (array(
        select e.ctid
        from security.incidents as e
        where e.tenant = v_due.tenant and e.id = any (v_due.ids)
          -- Somebody may have been faster.
          and e.status = 'open' and e.until_ms < (v_horizons ->> e.tenant)::bigint
        for update skip locked
      ))
      returning n.id, n.until_ms, n.incident
    )
    select coalesce(jsonb_agg(c.incident order by c.until_ms, c.id), '[]') into v_changes from closed as c;
    perform security.tell_incidents(v_due.tenant, v_changes);
    v_closed := v_closed + jsonb_array_length(v_changes);
  end loop;
  return v_closed;
end
$$;

-- What somebody else writes at this moment is not old: it is left to the next round instead of waited for. Found by place, as
-- above.
create or replace function security.forget_analysis(most integer)
returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  forgotten integer;
  total integer := 0;
begin
  -- Expired means absent to whoever reads such a row, so nobody has to be told that it is gone. By the tenant's own time,
  -- which is not ours while history is read in.
  delete from security.states as s
  where s.ctid = any (array(
    select e.ctid
    from security.states as e
    where e.expires_ms < (extract(epoch from now()) * 1000)::bigint and e.expires_ms < security.horizon_ms(e.tenant)
    order by e.expires_ms
    limit most
    for update skip locked
  ));
  get diagnostics forgotten = row_count;
  total := total + forgotten;

  delete from security.findings as f
  where f.ctid = any (array(
    select e.ctid
    from security.incidents as n
    inner join security.findings as e on e.tenant = n.tenant and e.incident = n.id
    where n.status = 'closed' and n.closed_at < now() - interval '180 days'
    limit most
    for update of e skip locked
  ));
  get diagnostics forgotten = row_count;
  total := total + forgotten;

  delete from security.incidents as n
  where n.ctid = any (array(
    select e.ctid
    from security.incidents as e
    where e.status = 'closed' and e.closed_at < now() - interval '180 days'
      and not exists (select from security.findings as f where f.tenant = e.tenant and f.incident = e.id)
    order by e.closed_at
    limit most
    for update skip locked
  ));
  get diagnostics forgotten = row_count;
  total := total + forgotten;

  delete from security.set_aside as a
  where a.ctid = any (array(
    select e.ctid from security.set_aside as e where e.at < now() - interval '30 days' limit most for update skip locked
  ));
  get diagnostics forgotten = row_count;
  total := total + forgotten;

  delete from security.rule_days as d
  where d.ctid = any (array(
    select e.ctid from security.rule_days as e where e.day < current_date - 100 limit most for update skip locked
  ));
  get diagnostics forgotten = row_count;
  return total + forgotten;
end
$$;

-- The streams that the points belong to stand still while these are added: locked in the order in which a detector locks
-- them, and before it is asked whether a point comes too late.
create or replace function security.add_points(p_tenant text, p_points jsonb)
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

  perform
  from security.streams as s
  where s.tenant = p_tenant and s.stream in (select p ->> 'stream' from jsonb_array_elements(p_points) as p)
  order by s.stream
  for update;

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

-- One lock for all days: whoever makes the partitions of several days takes the lock of the table in between.
create or replace function security.add_partition(p_day date)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_name constant text := security.partition_of(p_day);
begin
  if to_regclass(format('security.%I', v_name)) is not null then
    return false;
  end if;
  perform bees.lock_subject('security:partition', '*');
  -- Somebody may have made it while we waited. to_regclass may still remember that there was none; a query looks.
  if exists (
    select from pg_class as c where c.relnamespace = 'security'::regnamespace and c.relname = v_name
  ) then
    return false;
  end if;
  execute format('create table security.%I (like security.events including all)', v_name);
  execute format('alter table security.%I enable row level security', v_name);
  execute format('revoke all on security.%I from public, anon, authenticated, service_role, bee', v_name);
  execute format(
    'alter table security.events attach partition security.%I for values from (%L) to (%L)',
    v_name,
    to_char(p_day, 'YYYY-MM-DD') || ' 00:00:00+00',
    to_char(p_day + 1, 'YYYY-MM-DD') || ' 00:00:00+00'
  );
  return true;
end
$$;

-- Nobody makes a partition while one is dropped, which needs the strongest lock of the table.
create or replace function security.drop_old_partitions(p_retention_days integer)
returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_partition text;
  v_dropped integer := 0;
begin
  for v_partition in
    select c.relname
    from pg_inherits as i
    join pg_class as c on c.oid = i.inhrelid
    where i.inhparent = 'security.events'::regclass
      and c.relname ~ '^events_[0-9]{8}$'
      and (to_date(right(c.relname, 8), 'YYYYMMDD') + 1)::timestamp at time zone 'utc'
        <= now() - make_interval(days => p_retention_days)
    order by c.relname
    limit 50
  loop
    begin
      perform bees.lock_subject('security:partition', '*');
      execute format('drop table security.%I', v_partition);
      v_dropped := v_dropped + 1;
    exception when lock_not_available then
      exit;
    end;
  end loop;
  return v_dropped;
end
$$;

call bees.seal('security');
