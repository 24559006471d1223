-- Incidents. Of one rule so many are opened in an hour; the others are folded into one, with their findings. The rule is the
-- newest that found something: an incident that another rule has found as well is no longer one of many.
alter table security.incidents add column opened_by text;
create index incidents_opened on security.incidents (tenant, opened_at, opened_by);

create function security.opens_too_many(p_tenant text, p_rule text)
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select o.by_rule >= case
    when o.by_all >= security.most_opened_by_all() then security.most_opened_in_flood()
    else security.most_opened()
  end
  from (
    select count(*) as by_all, count(*) filter (where n.opened_by = p_rule) as by_rule
    from security.incidents as n
    where n.tenant = p_tenant and n.opened_at > now() - interval '1 hour'
  ) as o
$$;

create function security.flood_id(p_tenant text, p_folded jsonb)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select 'inc_' || left(
    security.digest(jsonb_build_array('flood', p_tenant, p_folded #> '{rules,-1}', p_folded -> 'quiet')), 24
  )
$$;

-- The incident into which those of a rule are folded that are too many, as it is with one more. It proposes nothing: it is about
-- nobody by itself.
create function security.flood_of(p_tenant text, p_before jsonb, p_folded jsonb, p_findings integer)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select p_folded || jsonb_build_object(
    'incident', security.flood_id(p_tenant, p_folded),
    'change', case
      when p_before is null then 'opened'
      when security.severity_rank(p_before ->> 'severity') < security.severity_rank(p_folded ->> 'severity') then 'raised'
      else 'continued'
    end,
    'severity', case
      when security.severity_rank(p_before ->> 'severity') > security.severity_rank(p_folded ->> 'severity')
        then p_before -> 'severity'
      else p_folded -> 'severity'
    end,
    'title', left('A flood of incidents: ' || (p_folded #>> '{rules,-1}'), 300),
    'entity', jsonb_build_object('kind', 'tenant', 'id', p_tenant),
    -- Of whom the newest are about.
    'related', (
      select coalesce(jsonb_agg(e.value order by e.place), '[]')
      from (
        select r.value, min(r.place) as place
        from jsonb_array_elements(
          jsonb_build_array(p_folded -> 'entity') || coalesce(p_before -> 'related', '[]')
        ) with ordinality as r (value, place)
        group by r.value
        order by min(r.place)
        limit 40
      ) as e
    ),
    'rules', jsonb_build_array(p_folded #> '{rules,-1}'),
    'findings', jsonb_path_query_array(coalesce(p_before -> 'findings', '[]') || (p_folded -> 'findings'), '$[last - 49 to last]'),
    'first_ms', least((p_before ->> 'first_ms')::bigint, (p_folded ->> 'first_ms')::bigint),
    'last_ms', greatest((p_before ->> 'last_ms')::bigint, (p_folded ->> 'last_ms')::bigint),
    'events', coalesce((p_before ->> 'events')::bigint, 0) + p_findings,
    'explanation', format(
      'The rule %s has opened as many incidents within an hour as are told one by one. Those beyond are counted here by their findings, with the newest of whom they are about; every finding is kept. Look for who sends so much. No response is proposed for them.',
      p_folded #>> '{rules,-1}'
    ),
    'response', null, 'risk', 0, 'wants', '[]'::jsonb
  )
$$;

create function security.store_incident(p_tenant text, p_told jsonb, p_until_ms bigint)
returns void
language sql
set search_path = pg_catalog, pg_temp
as $$
  insert into security.incidents as n (
    tenant, id, status, severity, confidence, title, entity_kind, entity_id, quiet, first_ms, last_ms, until_ms, incident,
    opened_by
  )
  values (
    p_tenant, p_told ->> 'incident', 'open', p_told ->> 'severity', p_told ->> 'confidence', p_told ->> 'title',
    p_told #>> '{entity,kind}', p_told #>> '{entity,id}', (p_told ->> 'quiet')::boolean, (p_told ->> 'first_ms')::bigint,
    (p_told ->> 'last_ms')::bigint, p_until_ms, p_told, coalesce(p_told #>> '{rules,-1}', '')
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
    closed_at = null
$$;

-- As before, but for what would be too many.
create or replace function security.write_incidents(p_tenant text, p_incidents jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  one record;
  v_was text;
  v_told jsonb;
  v_flood security.incidents;
  v_findings integer;
  v_changes jsonb := '[]';
  -- By id: each is told once, as it is in the end.
  v_floods jsonb := '{}';
begin
  for one in
    select i -> 'change' as change, (i ->> 'until_ms')::bigint as until_ms
    from jsonb_array_elements(p_incidents) with ordinality as e (i, place)
    order by e.place
  loop
    select n.status into v_was
    from security.incidents as n
    where n.tenant = p_tenant and n.id = one.change ->> 'incident'
    for update;

    if not found and security.opens_too_many(p_tenant, coalesce(one.change #>> '{rules,-1}', '')) then
      -- Its findings go with it: they are kept as long as the incident that they belong to.
      update security.findings as f
      set incident = security.flood_id(p_tenant, one.change)
      where f.tenant = p_tenant and f.incident = one.change ->> 'incident';
      get diagnostics v_findings = row_count;
      select n.* into v_flood
      from security.incidents as n
      where n.tenant = p_tenant and n.id = security.flood_id(p_tenant, one.change)
      for update;
      v_told := security.flood_of(
        p_tenant, case when v_flood.status = 'open' then v_flood.incident end, one.change, v_findings
      );
      perform security.store_incident(p_tenant, v_told, greatest(v_flood.until_ms, one.until_ms));
      v_floods := jsonb_set(
        v_floods, array[v_told ->> 'incident'],
        v_told || jsonb_build_object('change', case
          when v_floods #>> array[v_told ->> 'incident', 'change'] in ('opened', 'raised')
            then v_floods #> array[v_told ->> 'incident', 'change']
          else v_told -> 'change'
        end)
      );
      continue;
    end if;

    v_told := one.change || jsonb_build_object(
      'change', case when v_was is distinct from 'open' then 'opened' else one.change ->> 'change' end
    );
    perform security.store_incident(p_tenant, v_told, one.until_ms);
    v_changes := v_changes || jsonb_build_array(v_told);
  end loop;
  return v_changes || (select coalesce(jsonb_agg(f.value order by f.key), '[]') from jsonb_each(v_floods) as f);
end
$$;

call bees.seal('security');
call bees.seal('bee_tasks');
