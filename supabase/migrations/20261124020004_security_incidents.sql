-- Incidents in the database: written with the findings that made them, told in the same transaction, closed when they have been
-- quiet, and in the end forgotten.

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

call bees.seal('security');
