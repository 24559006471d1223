-- What the puller may read of Supabase's auth schema: columns that tell what happened, of rows in a part of a table.
--
-- Neither auth.audit_log_entries nor auth.sessions has an index on time, and we may add none. So a table is read in pieces
-- of some blocks (a TID range, which Postgres reads without looking at the rest): the newest end each time, and beside that
-- a walk over the whole table in small steps, which finds what was put or changed elsewhere. What is read twice counts once.

-- Blocks of each table; null where there is none. The size of a block is 8 KB on every Supabase.
create function security_auth.event_tables()
returns jsonb
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
return jsonb_build_object(
  'audit', pg_relation_size(to_regclass('auth.audit_log_entries')) / current_setting('block_size')::bigint,
  'sessions', pg_relation_size(to_regclass('auth.sessions')) / current_setting('block_size')::bigint
);

-- Entries in blocks p_from up to, but without, p_to. Of the names only what hashes are made of; nothing else of the payload.
create function security_auth.audit_entries(p_from bigint, p_to bigint, p_since timestamptz)
returns table (
  id uuid, at timestamptz, ip text, action text, actor text, actor_name text, target text, target_name text, provider text
)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
  select
    e.id, e.created_at, nullif(e.ip_address, '')::text, p.payload ->> 'action', p.payload ->> 'actor_id',
    p.payload ->> 'actor_username', p.payload #>> '{traits,user_id}', p.payload #>> '{traits,user_email}',
    p.payload #>> '{traits,provider}'
  from auth.audit_log_entries as e
  -- The column is json, which keeps what Postgres cannot unescape (NUL, halves of surrogate pairs): one such text anywhere in
  -- an entry would fail every look at its block from then on.
  cross join lateral (
    select regexp_replace(e.payload::text, '\\u(0000|[dD][89a-fA-F][0-9a-fA-F]{2})', '\\ufffd', 'g')::json as payload
  ) as p
  where e.ctid >= format('(%s,0)', p_from)::tid and e.ctid < format('(%s,0)', p_to)::tid
    and e.created_at >= p_since;
end
$$;

create function security_auth.sessions_seen(p_from bigint, p_to bigint, p_since timestamptz)
returns table (id uuid, user_id uuid, seen_at timestamptz, is_new boolean, aal text, ip text, user_agent text)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
  select n.id, n.user_id, n.seen_at, n.seen_at <= n.created_at + interval '1 second', n.aal, n.ip, n.user_agent
  from (
    select
      s.id, s.user_id, s.created_at, s.aal::text as aal, host(s.ip) as ip, left(s.user_agent, 512) as user_agent,
      greatest(s.created_at, s.updated_at, s.refreshed_at at time zone 'utc') as seen_at
    from auth.sessions as s
    where s.ctid >= format('(%s,0)', p_from)::tid and s.ctid < format('(%s,0)', p_to)::tid
  ) as n
  where n.seen_at >= p_since;
end
$$;

call security_auth.seal();
