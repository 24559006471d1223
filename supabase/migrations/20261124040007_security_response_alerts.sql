-- How the response tells people that it is in trouble itself.

-- Hands a change of an incident to the alerts. That telling fails must not undo what it is about.
create function security.tell(p_tenant text, p_what text, p_change jsonb)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  perform security.note_incidents(p_tenant, jsonb_build_array(p_change), now());
exception
  when others then
    if security.is_passing(sqlstate) then
      raise;
    end if;
    perform security.append_audit(
      p_tenant, jsonb_build_object('what', 'alert_failed', 'about', p_what, 'outcome', sqlstate)
    );
end
$$;

-- Tells people, by the way of alerts, that the response itself is in trouble.
create function security.alert_response(p_tenant text, p_what text, p_title text, p_explanation text)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  now_ms constant bigint := floor(extract(epoch from now()) * 1000);
  known constant jsonb := (
    select r.change from security.response_alerts as r
    where r.tenant = p_tenant and r.what = p_what and r.closed_at is null
  );
  v_change constant jsonb := jsonb_build_object(
    'incident', 'inc_' || left(security.digest(jsonb_build_array('response', p_tenant, p_what)), 24),
    'change', case when known is null then 'opened' else 'continued' end,
    'severity', 'high', 'confidence', 'high', 'title', left(p_title, 300),
    'entity', jsonb_build_object('kind', 'tenant', 'id', p_tenant),
    'related', '[]'::jsonb, 'rules', '["response"]'::jsonb, 'findings', '[]'::jsonb,
    'first_ms', coalesce((known ->> 'first_ms')::bigint, now_ms), 'last_ms', now_ms,
    'events', coalesce((known ->> 'events')::bigint, 0) + 1, 'explanation', left(p_explanation, 4000),
    'response', null, 'risk', 0, 'quiet', false, 'wants', '[]'::jsonb
  );
begin
  insert into security.response_alerts as r (tenant, what, change, noted_at)
  values (p_tenant, p_what, v_change, now())
  on conflict (tenant, what) do update
  set change = excluded.change, noted_at = excluded.noted_at, closed_at = null;
  perform security.tell(p_tenant, p_what, v_change);
end
$$;

-- The trouble is over: a person has seen to it, or nothing more was heard of it.
create function security.close_response_alert(p_tenant text, p_what text)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_change jsonb;
begin
  update security.response_alerts as r
  set closed_at = now()
  where r.tenant = p_tenant and r.what = p_what and r.closed_at is null
  returning r.change || '{"change": "closed"}' into v_change;
  if v_change is not null then
    perform security.tell(p_tenant, p_what, v_change);
  end if;
end
$$;

call bees.seal('security');
