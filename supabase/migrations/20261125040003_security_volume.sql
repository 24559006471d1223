-- What showed with a million events, a hundred thousand states and ten thousand incidents (docs/locks.md has the figures). Each
-- function is as before but for what its comments say.

-- Old notes are looked for every minute, among up to half a million.
create index hook_notes_at on security.hook_notes (at);
-- What is over is looked for tenant by tenant.
create index restrictions_tenant on security.restrictions (tenant, plan, n, until);
-- Dead letters are few among the messages of a month; people ask for them.
create index deliveries_dead on security.deliveries (tenant, receiver, settled_at) where state = 'dead';

create or replace function security.record_events(p_tenant text, p_events jsonb, p_retention_days integer)
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
    left join security.addresses as a on a.tenant = p_tenant and a.ip = (g.event ->> 'src_ip')::inet
      and not (g.event ? 'asn' or g.event ? 'country')
    -- Not a join: the planner takes both for one row, and would compare each event with each.
    where (g.id in (select f.id from fresh as f)) is true
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

-- What is forgotten is found by place (ctid), which cannot change while the row is locked. By key the planner would read the
-- whole table to delete some rows of it.
create or replace function bee_tasks.security__tend_events(input jsonb, call jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_days constant integer := input -> 'retention_days';
  v_most constant integer := 20000;
  v_made integer := 0;
  v_dropped integer;
  v_ids integer;
  v_addresses integer;
  v_notes integer;
  v_day date;
begin
  if v_days is null or v_days not between 1 and 400 then
    raise exception 'retention_days: received %, expected 1 to 400', v_days using errcode = '22023';
  end if;
  for v_day in
    select d::date from generate_series((now() at time zone 'utc')::date, (now() at time zone 'utc')::date + 2, '1 day') as d
  loop
    v_made := v_made + security.add_partition(v_day)::integer;
  end loop;
  v_dropped := security.drop_old_partitions(v_days);

  -- A day longer than events are taken: nothing that could come again is forgotten.
  delete from security.event_ids as i
  where i.ctid = any (array(
    select o.ctid
    from security.event_ids as o
    where o.time < now() - make_interval(days => v_days + 1)
    order by o.time
    limit v_most
    for update skip locked
  ));
  get diagnostics v_ids = row_count;

  delete from security.addresses as a
  where a.ctid = any (array(
    select o.ctid
    from security.addresses as o
    where o.seen_at < now() - make_interval(days => greatest(v_days, 90))
    order by o.seen_at
    limit v_most
    for update skip locked
  ));
  get diagnostics v_addresses = row_count;

  delete from security.hook_notes as h
  where h.ctid = any (array(
    select o.ctid
    from security.hook_notes as o
    where o.at < now() - make_interval(days => v_days)
    order by o.at
    limit v_most
    for update skip locked
  ));
  get diagnostics v_notes = row_count;

  return jsonb_build_object(
    'made', v_made, 'dropped', v_dropped, 'ids', v_ids, 'addresses', v_addresses, 'notes', v_notes,
    'more', v_most in (v_ids, v_addresses, v_notes),
    'hook_failures', (select case when f.is_called then f.last_value + 1 else 0 end from security.hook_failures as f)
  );
end
$$;

create or replace function security.forget_alerts(p_at timestamptz)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  -- Its receiver has not been here for a day.
  with stale as (
    select d.id
    from security.deliveries as d
    where d.state in ('waiting', 'sending') and d.created_at < p_at - interval '1 day' - interval '1 hour'
      and d.due_at < p_at - interval '1 hour'
    limit 100
    for update skip locked
  )
  update security.deliveries as d
  set state = 'dead', problem = 'no_receiver', settled_at = p_at
  from stale
  where d.id = stale.id;

  delete from security.deliveries as d
  where d.ctid = any (array(
    select old.ctid from security.deliveries as old
    where old.state in ('sent', 'dead') and old.settled_at < p_at - interval '30 days'
    limit 100 for update skip locked
  ));
  delete from security.notifications as n
  where n.ctid = any (array(
    select old.ctid from security.notifications as old
    where old.state = 'resolved' and old.resolved_at < p_at - interval '30 days'
    limit 100 for update skip locked
  ));
  -- Nobody has had the receiver for a week; what is still open then opens anew with its next change.
  delete from security.notifications as n
  where n.ctid = any (array(
    select old.ctid from security.notifications as old
    where old.next_at < p_at - interval '7 days'
    limit 100 for update skip locked
  ));
  delete from security.alerts as a
  where a.ctid = any (array(
    select old.ctid from security.alerts as old
    where old.status = 'closed' and old.noted_at < p_at - interval '30 days'
      and not exists (
        select from security.notification_members as m where (m.tenant, m.incident) = (old.tenant, old.incident)
      )
    limit 100 for update skip locked
  ));
end
$$;

call bees.seal('security');
call bees.seal('bee_tasks');
