-- The one way into security.events. Normalised events of one tenant in, each kept once; what was kept is queued for the
-- analysis in the same transaction.

-- Which event times are taken: from and to, milliseconds.
create function security.time_window(p_retention_days integer, out from_ms bigint, out to_ms bigint)
returns record
language sql
stable
set search_path = pg_catalog, pg_temp
return (
  (pg_catalog.date_part('epoch', pg_catalog.now() - pg_catalog.make_interval(days => p_retention_days)) * 1000)::bigint,
  (pg_catalog.date_part('epoch', pg_catalog.now() + pg_catalog.make_interval(days => 1)) * 1000)::bigint
);

-- Remembers where addresses are. Only sources that know it themselves teach; a sender's own claim is kept with its event
-- and teaches nobody.
create function security.learn_addresses(p_tenant text, p_events jsonb)
returns void
language sql
set search_path = pg_catalog, pg_temp
begin atomic
  insert into security.addresses as a (tenant, ip, asn, country, lat, long, network_type)
  select distinct on (r.src_ip) p_tenant, r.src_ip, r.asn, r.country, r.lat, r.long, r.network_type
  from jsonb_to_recordset(p_events) as r (
    source text, time bigint, src_ip inet, asn bigint, country text, lat double precision, long double precision,
    network_type text
  )
  where r.source = 'supabase_edge' and r.src_ip is not null and (r.asn is not null or r.country is not null)
  order by r.src_ip, r.time desc
  on conflict (tenant, ip) do update
  set
    asn = excluded.asn, country = excluded.country, lat = excluded.lat, long = excluded.long,
    network_type = excluded.network_type, seen_at = excluded.seen_at
  -- A busy address is not written anew with every request.
  where a.seen_at < now() - interval '1 hour'
    or (a.asn, a.country) is distinct from (excluded.asn, excluded.country);
end;

-- Running means over about 20 arrivals. A row that somebody else is writing now is left out: nobody waits for a statistic.
create function security.note_sources(p_tenant text, p_events jsonb)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now_ms constant bigint := (date_part('epoch', now()) * 1000)::bigint;
  seen record;
begin
  for seen in
    select r.source, max(r.time) as last_ms, avg(v_now_ms - r.time) / 1000 as lag_s
    from jsonb_to_recordset(p_events) as r (source text, time bigint)
    where r.time <= v_now_ms
    group by r.source
    order by r.source
  loop
    insert into security.sources (tenant, source, last_ms, lag_s)
    values (p_tenant, seen.source, seen.last_ms, seen.lag_s)
    on conflict (tenant, source) do nothing;
    continue when found;

    update security.sources as s
    set
      gap_s = coalesce(s.gap_s * 0.95 + date_part('epoch', now() - s.last_seen_at) * 0.05,
        date_part('epoch', now() - s.last_seen_at)),
      lag_s = s.lag_s * 0.95 + seen.lag_s * 0.05,
      last_ms = greatest(s.last_ms, seen.last_ms),
      last_seen_at = now()
    where s.ctid = (
      select l.ctid
      from security.sources as l
      where l.tenant = p_tenant and l.source = seen.source and l.last_seen_at < now()
      for update skip locked
    );
  end loop;
end
$$;

-- p_events: array of events (bees/security/events/event.ts), checked by the caller, `tenant` left out or equal to p_tenant.
-- Answers { accepted, duplicates, too_old: [positions], too_far_ahead: [positions] }.
create function security.record_events(p_tenant text, p_events jsonb, p_retention_days integer)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_window record;
  v_day date;
  v_too_old jsonb;
  v_too_far jsonb;
  v_taken bigint;
  v_accepted bigint;
begin
  if p_retention_days is null or p_retention_days not between 1 and 400 then
    raise exception 'retention_days: received %, expected 1 to 400', p_retention_days using errcode = '22023';
  end if;
  select w.from_ms, w.to_ms into v_window from security.time_window(p_retention_days) as w;

  select
    coalesce(jsonb_agg(e.n - 1 order by e.n) filter (where e.time_ms < v_window.from_ms), '[]'),
    coalesce(jsonb_agg(e.n - 1 order by e.n) filter (where e.time_ms > v_window.to_ms), '[]'),
    count(*) filter (where e.time_ms between v_window.from_ms and v_window.to_ms)
  into v_too_old, v_too_far, v_taken
  from (
    select (g.event ->> 'time')::bigint as time_ms, g.n
    from jsonb_array_elements(p_events) with ordinality as g (event, n)
  ) as e;

  for v_day in
    select distinct (to_timestamp((e.event ->> 'time')::bigint / 1000.0) at time zone 'utc')::date as day
    from jsonb_array_elements(p_events) as e (event)
    where (e.event ->> 'time')::bigint between v_window.from_ms and v_window.to_ms
    order by day
  loop
    perform security.add_partition(v_day);
  end loop;

  perform security.learn_addresses(p_tenant, p_events);

  with given as materialized (
    select distinct on (e.event ->> 'id')
      e.event ->> 'id' as id, (e.event ->> 'time')::bigint as time_ms, e.event || jsonb_build_object('tenant', p_tenant) as event
    from jsonb_array_elements(p_events) with ordinality as e (event, n)
    where (e.event ->> 'time')::bigint between v_window.from_ms and v_window.to_ms
    order by e.event ->> 'id', e.n
  ),
  -- In one order everywhere, so that two batches with the same events wait for each other instead of dying.
  fresh as (
    insert into security.event_ids (tenant, id, time)
    select p_tenant, g.id, to_timestamp(g.time_ms / 1000.0)
    from given as g
    order by g.id collate "C"
    on conflict (tenant, id) do nothing
    returning id
  ),
  enriched as (
    select g.id, g.time_ms, case when a.ip is null then g.event else jsonb_strip_nulls(jsonb_build_object(
        'asn', a.asn, 'country', a.country, 'lat', a.lat, 'long', a.long, 'network_type', a.network_type
      )) || g.event end as event
    from given as g
    join fresh as f on f.id = g.id
    left join security.addresses as a on a.tenant = p_tenant and a.ip = (g.event ->> 'src_ip')::inet
      and not (g.event ? 'asn' or g.event ? 'country')
  ),
  known as materialized (
    select e.id, e.time_ms,
      case when security.is_blocked(p_tenant, e.event) then e.event || '{"blocked": true}' else e.event end as event
    from enriched as e
  ),
  stored as (
    insert into security.events (
      tenant, id, time, source, class_uid, activity_id, action, status_id, severity_id, status_code, error_code, user_uid,
      actor_uid, identifier, account, session_uid, api_key_id, src_ip, asn, country, lat, long, ua_family, device,
      http_method, path, resource, rows, bytes, blocked, more, data
    )
    select
      p_tenant, k.id, to_timestamp(k.time_ms / 1000.0), r.source, r.class_uid, r.activity_id, r.action, r.status_id,
      r.severity_id, r.status_code, r.error_code, r.user_uid, r.actor_uid, r.identifier, r.account, r.session_uid,
      r.api_key_id, r.src_ip, r.asn, r.country, r.lat, r.long, r.ua_family, r.device, r.http_method, r.path, r.resource,
      r.rows, r.bytes, r.blocked,
      k.event - '{tenant,id,time,source,class_uid,activity_id,action,status_id,severity_id,status_code,error_code,user_uid,actor_uid,identifier,account,session_uid,api_key_id,src_ip,asn,country,lat,long,ua_family,device,http_method,path,resource,rows,bytes,blocked,data}'::text[],
      k.event -> 'data'
    from known as k
    cross join lateral jsonb_to_record(k.event) as r (
      source text, class_uid integer, activity_id integer, action text, status_id smallint, severity_id smallint,
      status_code smallint, error_code text, user_uid text, actor_uid text, identifier text, account text,
      session_uid text, api_key_id text, src_ip inet, asn bigint, country text, lat double precision,
      long double precision, ua_family text, device text, http_method text, path text, resource text,
      rows double precision, bytes double precision, blocked boolean
    )
  ),
  queued as (
    insert into security.inbox (tenant, time_ms, event)
    select p_tenant, k.time_ms, k.event
    from known as k
    order by k.time_ms, k.id
  )
  select count(*) into v_accepted from fresh;

  perform security.note_sources(p_tenant, p_events);

  return jsonb_build_object(
    'accepted', v_accepted, 'duplicates', v_taken - v_accepted, 'too_old', v_too_old, 'too_far_ahead', v_too_far
  );
end
$$;

create function bee_tasks.security__record_events(input jsonb, call jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  return security.record_events(input ->> 'tenant', input -> 'events', (input -> 'retention_days')::integer);
end
$$;

call bees.seal('security');
call bees.seal('bee_tasks');
