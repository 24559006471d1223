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

-- Incidents as they are now. A change that says continued is the beginning of something for whoever has seen it closed.
create function security.write_incidents(p_tenant text, p_incidents jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  one record;
  was text;
  told jsonb;
  changes jsonb := '[]';
begin
  for one in
    select i -> 'change' as change, (i ->> 'until_ms')::bigint as until_ms
    from jsonb_array_elements(p_incidents) with ordinality as e (i, place)
    order by e.place
  loop
    select n.status into was
    from security.incidents as n
    where n.tenant = p_tenant and n.id = one.change ->> 'incident'
    for update;

    told := one.change || jsonb_build_object(
      'change', case when was is distinct from 'open' then 'opened' else one.change ->> 'change' end
    );
    insert into security.incidents as n (
      tenant, id, status, severity, confidence, title, entity_kind, entity_id, quiet, first_ms, last_ms, until_ms, incident
    )
    values (
      p_tenant, told ->> 'incident', 'open', told ->> 'severity', told ->> 'confidence', told ->> 'title',
      told #>> '{entity,kind}', told #>> '{entity,id}', (told ->> 'quiet')::boolean, (told ->> 'first_ms')::bigint,
      (told ->> 'last_ms')::bigint, one.until_ms, told
    )
    on conflict (tenant, id) do update
    set
      status = 'open',
      severity = excluded.severity,
      confidence = excluded.confidence,
      title = excluded.title,
      entity_kind = excluded.entity_kind,
      entity_id = excluded.entity_id,
      quiet = excluded.quiet,
      first_ms = excluded.first_ms,
      last_ms = excluded.last_ms,
      until_ms = excluded.until_ms,
      incident = excluded.incident,
      changed_at = now(),
      closed_at = null;
    changes := changes || jsonb_build_array(told);
  end loop;
  return changes;
end
$$;

-- Tells the alerts and the responses, in this transaction. Either is asked only once it has been installed.
create function security.tell_incidents(p_tenant text, p_changes jsonb)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_changes = '[]' then
    return;
  end if;
  if to_regprocedure('security.note_incidents(text, jsonb, timestamptz)') is not null then
    perform security.note_incidents(p_tenant, p_changes, now());
  end if;
  if to_regprocedure('security.propose_plans(text, jsonb, timestamptz)') is not null then
    perform security.propose_plans(p_tenant, p_changes, now());
  end if;
end
$$;

-- Closes what has been quiet for as long as it takes.
create function security.close_incidents(most integer)
returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  one record;
  closed integer := 0;
  horizons jsonb;
begin
  select coalesce(jsonb_object_agg(t.tenant, security.horizon_ms(t.tenant)), '{}') into horizons
  from (select distinct n.tenant from security.incidents as n where n.status = 'open') as t;

  for one in
    select n.tenant, n.id, n.incident
    from security.incidents as n
    where n.status = 'open' and n.until_ms < (horizons ->> n.tenant)::bigint
    order by n.until_ms
    limit most
    for update skip locked
  loop
    one.incident := one.incident || '{"change": "closed", "wants": []}';
    update security.incidents as n
    set status = 'closed', incident = one.incident, changed_at = now(), closed_at = now()
    where n.tenant = one.tenant and n.id = one.id;
    perform security.tell_incidents(one.tenant, jsonb_build_array(one.incident));
    closed := closed + 1;
  end loop;
  return closed;
end
$$;

-- Takes away what says nothing any more: a bounded piece of it at each call.
create function security.forget_analysis(most integer)
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
  where (s.tenant, s.key) in (
    select e.tenant, e.key
    from security.states as e
    where e.expires_ms < (extract(epoch from now()) * 1000)::bigint and e.expires_ms < security.horizon_ms(e.tenant)
    order by e.expires_ms
    limit most
    for update skip locked
  );
  get diagnostics forgotten = row_count;
  total := total + forgotten;

  delete from security.findings as f
  where (f.tenant, f.key) in (
    select e.tenant, e.key
    from security.incidents as n
    inner join security.findings as e on e.tenant = n.tenant and e.incident = n.id
    where n.status = 'closed' and n.closed_at < now() - interval '180 days'
    limit most
  );
  get diagnostics forgotten = row_count;
  total := total + forgotten;

  delete from security.incidents as n
  where (n.tenant, n.id) in (
    select e.tenant, e.id
    from security.incidents as e
    where e.status = 'closed' and e.closed_at < now() - interval '180 days'
      and not exists (select from security.findings as f where f.tenant = e.tenant and f.incident = e.id)
    order by e.closed_at
    limit most
  );
  get diagnostics forgotten = row_count;
  total := total + forgotten;

  delete from security.set_aside as a
  where (a.tenant, a.seq) in (
    select e.tenant, e.seq from security.set_aside as e where e.at < now() - interval '30 days' limit most
  );
  get diagnostics forgotten = row_count;
  total := total + forgotten;

  delete from security.rule_days as d where d.day < current_date - 100;
  get diagnostics forgotten = row_count;
  return total + forgotten;
end
$$;

-- Begins a run: looks after what is over, and says whose events wait, the longest waiting tenant first.
create function security.analysis_begin(input jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_closed integer := 0;
  v_forgotten integer := 0;
  v_silent jsonb := '[]';
begin
  if input ->> 'tenant' is null then
    v_closed := security.close_incidents(200);
    v_forgotten := security.forget_analysis(500);

    -- Whose events do not wait is looked at once a minute: silence is something, too.
    with due as (
      update security.versions as v
      set ticked_at = now()
      where v.tenant in (
        select d.tenant
        from security.versions as d
        where d.ticked_at < now() - interval '1 minute' and d.analysed_at > now() - interval '7 days'
        order by d.ticked_at
        limit 50
        for update skip locked
      )
      returning v.tenant
    )
    select coalesce(jsonb_agg(d.tenant order by d.tenant), '[]') into v_silent
    from due as d
    where not exists (select from security.inbox as i where i.tenant = d.tenant);
  end if;
  return jsonb_build_object(
    'closed', v_closed,
    'forgotten', v_forgotten,
    'silent', v_silent,
    'tenants', (
      with recursive waiting (tenant) as (
        (select i.tenant from security.inbox as i order by i.tenant limit 1)
        union all
        select (select i.tenant from security.inbox as i where i.tenant > w.tenant order by i.tenant limit 1)
        from waiting as w
        where w.tenant is not null
      ),
      ordered as (
        select w.tenant, (select min(i.seq) from security.inbox as i where i.tenant = w.tenant) as first
        from waiting as w
        where w.tenant is not null and (input ->> 'tenant' is null or w.tenant = input ->> 'tenant')
        order by first
        limit 500
      )
      select coalesce(jsonb_agg(o.tenant order by o.first), '[]') from ordered as o
    )
  );
end
$$;

-- Commits what was made of a page of events, or of the points of some streams; or says that it is stale and changes nothing.
create function security.analysis_commit(input jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_tenant constant text := input ->> 'tenant';
  v_version constant bigint := input ->> 'version';
  v_seqs constant bigint[] := array(select e::bigint from jsonb_array_elements_text(input -> 'seqs') as e order by 1);
  v_now bigint;
  v_changes jsonb;
begin
  -- Null: nothing is consumed and nothing found, only detectors have gone on.
  if v_version is not null then
    insert into security.versions (tenant) values (v_tenant) on conflict (tenant) do nothing;

    select v.version into strict v_now from security.versions as v where v.tenant = v_tenant for update;
    if v_now <> v_version then
      return jsonb_build_object('stale', true, 'version', coalesce(v_now, 0));
    end if;
  end if;

  perform
  from security.streams as s
  where s.tenant = v_tenant and s.stream in (select e ->> 'stream' from jsonb_array_elements(input -> 'streams') as e)
  order by s.stream
  for update;
  if exists (
    select
    from jsonb_array_elements(input -> 'streams') as e
    where not exists (
      select
      from security.streams as s
      where s.tenant = v_tenant and s.stream = e ->> 'stream' and s.version = (e ->> 'version')::bigint
    )
  ) then
    return jsonb_build_object('stale', true, 'version', coalesce(v_now, 0));
  end if;

  perform from security.inbox as i where i.tenant = v_tenant and i.seq = any (v_seqs) for update;
  if (select count(*) from security.inbox as i where i.tenant = v_tenant and i.seq = any (v_seqs)) <> cardinality(v_seqs)
  then
    return jsonb_build_object('stale', true, 'version', coalesce(v_now, 0));
  end if;

  insert into security.set_aside (tenant, seq, reason, event)
  select v_tenant, i.seq, a.aside ->> 'reason', i.event
  from jsonb_array_elements(input -> 'set_aside') as a (aside)
  inner join security.inbox as i on i.tenant = v_tenant and i.seq = (a.aside ->> 'seq')::bigint
  on conflict (tenant, seq) do nothing;

  delete from security.inbox as i where i.tenant = v_tenant and i.seq = any (v_seqs);

  insert into security.states as s (tenant, key, state, expires_ms)
  select v_tenant, e -> 0 #>> '{}', e -> 1, (e -> 2 #>> '{}')::bigint
  from jsonb_array_elements(input -> 'states') as e
  on conflict (tenant, key) do update
  set state = excluded.state, expires_ms = excluded.expires_ms, touched_at = now();

  delete from security.states as s
  where s.tenant = v_tenant and s.key in (select e from jsonb_array_elements_text(input -> 'gone') as e);

  insert into security.findings as f (
    tenant, key, rule, detection, severity, confidence, entity_kind, entity_id, incident, quiet, time_ms, finding
  )
  select
    v_tenant, e #>> '{finding,key}', e #>> '{finding,rule}', (e #>> '{finding,detection}')::integer,
    e #>> '{finding,severity}', e #>> '{finding,confidence}', e #>> '{finding,entity,kind}',
    e #>> '{finding,entity,id}', e ->> 'incident', (e #>> '{finding,quiet}')::boolean,
    (e #>> '{finding,timeMs}')::bigint, e -> 'finding'
  from jsonb_array_elements(input -> 'findings') as e
  on conflict (tenant, key) do update
  set
    severity = excluded.severity,
    confidence = excluded.confidence,
    incident = excluded.incident,
    time_ms = excluded.time_ms,
    finding = excluded.finding;

  insert into security.rule_days as d (tenant, rule, day, evaluations, hits, suppressed)
  select v_tenant, e ->> 'rule', current_date, (e ->> 'evaluations')::bigint, (e ->> 'hits')::bigint,
    (e ->> 'suppressed')::bigint
  from jsonb_array_elements(input -> 'rules') as e
  on conflict (tenant, rule, day) do update
  set
    evaluations = d.evaluations + excluded.evaluations,
    hits = d.hits + excluded.hits,
    suppressed = d.suppressed + excluded.suppressed;

  perform security.add_points(v_tenant, input -> 'points');
  perform security.write_streams(v_tenant, input -> 'streams');

  v_changes := security.write_incidents(v_tenant, input -> 'incidents');

  update security.versions as v
  set
    version = v.version + 1,
    watermark_ms = greatest(v.watermark_ms, (input ->> 'watermark_ms')::bigint),
    events = v.events + cardinality(v_seqs),
    analysed_at = case when cardinality(v_seqs) > 0 then now() else v.analysed_at end
  where v.tenant = v_tenant and v_version is not null;

  perform security.tell_incidents(v_tenant, v_changes);
  return jsonb_build_object('stale', false, 'version', coalesce(v_now + 1, 0));
end
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

create function bee_tasks.security__analyze_security(input jsonb, call jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  -- What an analysis opens is told at once, by the same run.
  if input ->> 'op' like 'alerts%' then
    return security.alerts_step(input, call);
  end if;
  return case input ->> 'op'
    when 'begin' then security.analysis_begin(input)
    when 'commit' then security.analysis_commit(input)
  end;
end
$$;

create function bee_tasks.security__analyze_security__read(input jsonb, call jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case input ->> 'op'
    when 'page' then security.analysis_page(input)
    when 'range' then security.analysis_range(input)
    when 'settings' then jsonb_build_object('settings', security.settings_of(input ->> 'tenant'))
    else security.analysis_states(input)
  end;
end
$$;

call bees.seal('security');
call bees.seal('bee_tasks');
