-- The task analyze_security: begin a run, commit a page.

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
