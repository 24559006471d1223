-- The puller's marks, what it reads, and where it writes. Events get there by security.record_events like all others.

-- One row: how far the tables of the auth schema have been read. bees/security/events/pull/marks.ts says what is in it.
create table security.pull_marks (
  tenant text primary key,
  marks jsonb not null,
  started_at timestamptz not null default now(),
  pulled_at timestamptz not null default now()
);

-- Whether the auth server's own log comes in as well (log drain): then it is what counts, and what is pulled of the same is
-- kept as `other`, so that no attempt counts twice.
create function security.has_auth_log(p_tenant text)
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
return exists (
  select
  from security.sources as s
  where s.tenant = p_tenant and s.source = 'supabase_auth' and s.last_seen_at > now() - interval '1 hour'
);

create function bee_tasks.security__pull_auth_events__read(input jsonb, call jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_tenant constant text := input ->> 'tenant';
  v_from constant bigint := input -> 'from';
  v_to constant bigint := input -> 'to';
  v_since constant timestamptz := to_timestamp((input -> 'since_ms')::bigint / 1000.0);
begin
  case input ->> 'what'
    when 'start' then
      return jsonb_build_object(
        'marks', (select m.marks from security.pull_marks as m where m.tenant = v_tenant),
        'blocks', security_auth.event_tables(),
        'auth_log', security.has_auth_log(v_tenant),
        'now_ms', (date_part('epoch', now()) * 1000)::bigint
      );
    when 'notes' then
      return coalesce((
        select jsonb_agg(jsonb_build_object(
          'seq', n.seq, 'hook', n.hook, 'uid', n.uid, 'note', n.note, 'at_ms', (date_part('epoch', n.at) * 1000)::bigint
        ) order by n.seq)
        from (select h.* from security.hook_notes as h where h.seq > (input -> 'after')::bigint order by h.seq limit 500) as n
      ), '[]');
    when 'audit' then
      return coalesce((
        select jsonb_agg(jsonb_build_object(
          'id', e.id, 'at_ms', (date_part('epoch', e.at) * 1000)::bigint, 'ip', e.ip, 'action', e.action, 'actor', e.actor,
          'actor_name', e.actor_name, 'target', e.target, 'target_name', e.target_name, 'provider', e.provider
        ))
        from security_auth.audit_entries(v_from, v_to, v_since) as e
        where not exists (
          select from security.event_ids as i where i.tenant = v_tenant and i.id = 'audit:' || e.id
        )
      ), '[]');
    when 'sessions' then
      return coalesce((
        select jsonb_agg(n.seen)
        from (
          select s.id, (date_part('epoch', s.seen_at) * 1000)::bigint as seen_ms, jsonb_build_object(
            'id', s.id, 'user_id', s.user_id, 'seen_ms', (date_part('epoch', s.seen_at) * 1000)::bigint, 'is_new', s.is_new,
            'aal', s.aal, 'ip', s.ip, 'user_agent', s.user_agent
          ) as seen
          from security_auth.sessions_seen(v_from, v_to, v_since) as s
        ) as n
        where not exists (
          select from security.event_ids as i
          where i.tenant = v_tenant and i.id = 'session:' || n.id || ':' || n.seen_ms
        )
      ), '[]');
    else
      raise exception 'what: received something else, expected start, notes, audit or sessions' using errcode = '22023';
  end case;
end
$$;

-- { op: begin } or { op: keep, tenant, retention_days, events, marks, notes: [seq] }. One transaction: the events are kept,
-- what they were made of is let go, and the marks move, or nothing of it.
create function bee_tasks.security__pull_auth_events(input jsonb, call jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_recorded jsonb;
begin
  if input ->> 'op' = 'begin' then
    return '{}';
  end if;
  v_recorded := security.record_events(
    input ->> 'tenant', input -> 'events', (input -> 'retention_days')::integer
  );
  delete from security.hook_notes as h
  where h.seq in (select s.value::bigint from jsonb_array_elements_text(input -> 'notes') as s);

  insert into security.pull_marks as m (tenant, marks)
  values (input ->> 'tenant', input -> 'marks')
  on conflict (tenant) do update set marks = excluded.marks, pulled_at = now();
  return v_recorded;
end
$$;

call bees.seal('security');
call bees.seal('bee_tasks');
