-- What somebody who is called at night needs to see first: what waits for a decision, what was not told, what is silenced, what is
-- set and cannot be taken.
create or replace function security.show_status(p_tenant text)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'tenant', p_tenant,
    'events', coalesce((select v.events from security.versions as v where v.tenant = p_tenant), 0),
    'analysed_at', (select bees.rfc3339(v.analysed_at) from security.versions as v where v.tenant = p_tenant),
    'watched_since', (select bees.rfc3339(v.began_at) from security.versions as v where v.tenant = p_tenant),
    'watermark_ms', (select v.watermark_ms from security.versions as v where v.tenant = p_tenant),
    'waiting', (select count(*) from security.inbox as i where i.tenant = p_tenant),
    'waiting_s', (
      select coalesce(floor(extract(epoch from now() - min(i.received_at))), 0)
      from security.inbox as i
      where i.tenant = p_tenant
    ),
    'set_aside', (select count(*) from security.set_aside as s where s.tenant = p_tenant),
    'incidents', coalesce((
      select jsonb_object_agg(n.severity, n.open)
      from (
        select i.severity, count(*) as open
        from security.incidents as i
        where i.tenant = p_tenant and i.status = 'open' and not i.quiet
        group by i.severity
      ) as n
    ), '{}'),
    'plans_to_decide', (
      select count(*)
      from security.plans as p
      where p.tenant = p_tenant and p.state = 'proposed' and p.mode = 'approve' and p.expires_at > now()
    ),
    'circuits', (select count(*) from security.circuits as c where c.tenant = p_tenant and c.closed_at is null),
    'messages', (
      select jsonb_build_object(
        'dead', count(*) filter (where d.state = 'dead'),
        'late', count(*) filter (where d.state in ('waiting', 'sending') and d.created_at < now() - interval '10 minutes')
      )
      from security.deliveries as d
      where d.tenant = p_tenant and d.created_at > now() - interval '7 days'
    ),
    'silences', coalesce((
      select jsonb_agg(
        jsonb_strip_nulls(jsonb_build_object(
          'id', s.id, 'rule', s.rule, 'incident', s.incident, 'kind', s.entity_kind, 'entity', s.entity_id,
          'ends_at', bees.rfc3339(s.ends_at), 'reason', s.reason
        ))
        order by s.ends_at, s.id
      )
      from (
        select a.*
        from security.silences as a
        where a.tenant = p_tenant and a.starts_at <= now() and a.ends_at > now() and a.ended_by is null
        order by a.ends_at, a.id
        limit 20
      ) as s
    ), '[]'),
    'settings', security.show_settings(p_tenant),
    'streams', (
      select jsonb_build_object('all', count(*), 'learning', count(*) filter (where s.learning))
      from security.streams as s
      where s.tenant = p_tenant
    ),
    -- The noise report: what each rule has found in the last 7 days, the loudest first.
    'rules', coalesce((
      select jsonb_agg(to_jsonb(n) || to_jsonb(a) order by n.findings desc, n.rule)
      from (
        select f.rule, count(*) as findings, count(distinct f.incident) as incidents,
          count(*) filter (where f.quiet) as quiet, max(f.time_ms) as last_ms
        from security.findings as f
        where f.tenant = p_tenant and f.found_at > now() - interval '7 days'
        group by f.rule
      ) as n
      cross join lateral (
        select coalesce(sum(d.evaluations), 0) as evaluations, coalesce(sum(d.hits), 0) as hits,
          coalesce(sum(d.suppressed), 0) as suppressed
        from security.rule_days as d
        where d.tenant = p_tenant and d.rule = n.rule and d.day > current_date - 7
      ) as a
    ), '[]')
  )
$$;

call bees.seal('security');
