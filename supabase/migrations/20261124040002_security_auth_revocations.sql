-- What a response may do to Supabase's auth objects. Each function runs with the rights of whoever migrates (on a hosted
-- project: postgres) and does one thing; bees_owner may call them and nobody else.
--
-- Deleted sessions are kept here, where not even bees_owner can read or write them: they contain refresh tokens, and a
-- function that inserted whatever rows it was given would be a way to forge sessions.

create table security_auth.revocations (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null,
  -- Rows as they were, by table: { "sessions": [...], "refresh_tokens": [...] }. Null: forgotten, since it is too long ago.
  kept jsonb,
  digest text not null,
  -- Hash of the user's password hash at that time; null: there was none.
  password text,
  revoked_at timestamptz not null default now(),
  restored_at timestamptz
);

create index revocations_kept on security_auth.revocations (revoked_at) where kept is not null;

alter table security_auth.revocations enable row level security;
revoke all on security_auth.revocations from public, anon, authenticated, service_role, bee, bees_owner;

-- Says what is missing instead of failing somewhere inside.
create function security_auth.require_auth()
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if to_regclass('auth.users') is null or to_regclass('auth.sessions') is null then
    raise exception 'there are no tables auth.users and auth.sessions: responses need a Supabase project'
    using errcode = '55000';
  end if;
end
$$;

-- The tables whose rows go when a session goes, each with the column that names the session.
create function security_auth.session_children()
returns table (child text, session_column text)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select c.relname::text, a.attname::text
  from pg_constraint as f
  join pg_class as c on c.oid = f.conrelid
  join pg_attribute as a on a.attrelid = f.conrelid and a.attnum = f.conkey[1]
  where f.contype = 'f'
    and f.confrelid = to_regclass('auth.sessions')
    and f.confdeltype = 'c'
    and array_length(f.conkey, 1) = 1
    and c.relnamespace = to_regnamespace('auth')
  order by c.relname
$$;

-- The rows of some sessions and of what hangs on them, in a fixed order.
create function security_auth.session_rows(p_sessions uuid[])
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  kept jsonb;
  rows jsonb;
  child record;
begin
  select jsonb_build_object('sessions', coalesce(jsonb_agg(to_jsonb(s) order by s.id), '[]')) into kept
  from auth.sessions as s
  where s.id = any (p_sessions);

  for child in select c.child, c.session_column from security_auth.session_children() as c
  loop
    execute format(
      $sql$select coalesce(jsonb_agg(to_jsonb(t) order by to_jsonb(t)::text collate "C"), '[]') from auth.%I as t where t.%I = any ($1)$sql$,
      child.child, child.session_column
    ) into rows using p_sessions;
    kept := kept || jsonb_build_object(child.child, rows);
  end loop;
  return kept;
end
$$;

create function security_auth.digest_of(p_value jsonb)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$ select encode(sha256(convert_to(p_value::text, 'utf8')), 'hex') $$;

-- A new password ends all sessions of a user; none of them may come back by the way of a revert.
create function security_auth.password_of(p_user uuid)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select security_auth.digest_of(to_jsonb(u) -> 'encrypted_password')
    from auth.users as u
    where u.id = p_user and coalesce(to_jsonb(u) ->> 'encrypted_password', '') <> ''
  );
end
$$;

-- Ends the sessions of a user, or one of them, after keeping their rows.
-- Returns { revocation, user, sessions: [ids], digest }; revocation is null where there was nothing to end.
create function security_auth.revoke_sessions(p_user uuid, p_session uuid)
returns jsonb
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  ids uuid[];
  kept jsonb;
  made security_auth.revocations;
begin
  perform security_auth.require_auth();
  if p_user is null then
    raise exception 'revoke_sessions: expected a user' using errcode = '22023';
  end if;

  select array_agg(locked.id) into ids
  from (
    select s.id
    from auth.sessions as s
    where s.user_id = p_user and (p_session is null or s.id = p_session)
    order by s.id
    for update
  ) as locked;

  if ids is null then
    return jsonb_build_object('revocation', null, 'user', p_user, 'sessions', '[]'::jsonb, 'digest', null);
  end if;

  kept := security_auth.session_rows(ids);
  insert into security_auth.revocations as r (user_id, kept, digest, password)
  values (p_user, kept, security_auth.digest_of(kept), security_auth.password_of(p_user))
  returning r.* into made;

  delete from auth.sessions as s where s.id = any (ids);

  return jsonb_build_object(
    'revocation', made.id, 'user', p_user, 'sessions', to_jsonb(ids), 'digest', made.digest
  );
end
$$;

-- Puts rows back exactly as they were, whatever columns this version of Supabase has.
create function security_auth.put_back(p_table text, p_rows jsonb)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  relation constant regclass := to_regclass(format('auth.%I', p_table));
  columns text;
begin
  select string_agg(quote_ident(a.attname), ', ' order by a.attnum) into columns
  from pg_attribute as a
  where a.attrelid = relation and a.attnum > 0 and not a.attisdropped and a.attgenerated = '';

  execute format(
    'insert into %1$s (%2$s) overriding system value select %2$s from jsonb_populate_recordset(null::%1$s, $1)',
    relation, columns
  ) using p_rows;
end
$$;

-- Takes a revocation back: restored, already, forgotten, altered, unknown, no_user, new_password or
-- conflict.
create function security_auth.restore_sessions(p_revocation uuid)
returns text
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  found_row security_auth.revocations;
  child record;
begin
  perform security_auth.require_auth();
  select r.* into found_row from security_auth.revocations as r where r.id = p_revocation for update;
  if not found then
    return 'unknown';
  end if;
  if found_row.restored_at is not null then
    return 'already';
  end if;
  if found_row.kept is null then
    return 'forgotten';
  end if;
  if security_auth.digest_of(found_row.kept) is distinct from found_row.digest then
    return 'altered';
  end if;
  if not exists (select from auth.users as u where u.id = found_row.user_id) then
    return 'no_user';
  end if;
  if security_auth.password_of(found_row.user_id) is distinct from found_row.password then
    return 'new_password';
  end if;

  begin
    perform security_auth.put_back('sessions', found_row.kept -> 'sessions');
    for child in select k.key, k.value from jsonb_each(found_row.kept) as k where k.key <> 'sessions' order by k.key
    loop
      perform security_auth.put_back(child.key, child.value);
    end loop;
  exception
    when unique_violation or foreign_key_violation then
      return 'conflict';
  end;

  update security_auth.revocations as r set restored_at = now(), kept = null where r.id = p_revocation;
  return 'restored';
end
$$;

-- Forgets what was kept for longer than a revert may take: refresh tokens are secrets.
create function security_auth.forget_revocations(p_before timestamptz)
returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  forgotten integer;
begin
  update security_auth.revocations as r set kept = null where r.kept is not null and r.revoked_at < p_before;
  get diagnostics forgotten = row_count;
  return forgotten;
end
$$;

call security_auth.seal();
