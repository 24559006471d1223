-- What a Supabase project has before its first migration: roles, their limits, the auth schema, and default privileges
-- that give everything in schema public to everybody. The last is dangerous and reproduced on purpose: a migration that
-- forgets to revoke must fail here as it would there. Running this again changes nothing.

do $roles$
declare
  wanted record;
begin
  for wanted in
    select *
    from (values
      ('anon', 'nologin noinherit'),
      ('authenticated', 'nologin noinherit'),
      ('service_role', 'nologin noinherit bypassrls'),
      ('authenticator', 'login noinherit')
    ) as roles (name, options)
  loop
    if not exists (select from pg_catalog.pg_roles where rolname = wanted.name) then
      begin
        execute format('create role %I %s', wanted.name, wanted.options);
      exception
        -- Roles belong to the whole server; another database of it may create them at the same time.
        when duplicate_object or unique_violation then null;
      end;
    end if;
  end loop;

  for wanted in select unnest(array['anon', 'authenticated', 'service_role']) as name loop
    if not exists (
      select
      from pg_catalog.pg_auth_members as member
      where member.roleid = wanted.name::regrole and member.member = 'authenticator'::regrole
    ) then
      execute format('grant %I to authenticator', wanted.name);
    end if;
  end loop;

  for wanted in
    select *
    from (values
      ('anon', 'statement_timeout', '3s'),
      ('authenticated', 'statement_timeout', '8s'),
      ('authenticator', 'statement_timeout', '8s'),
      ('authenticator', 'lock_timeout', '8s')
    ) as settings (role, name, value)
  loop
    if not exists (
      select
      from pg_catalog.pg_db_role_setting as setting
      where setting.setrole = wanted.role::regrole
        and setting.setdatabase = 0
        and exists (select from unnest(setting.setconfig) as line where line like wanted.name || '=%')
    ) then
      execute format('alter role %I set %I = %L', wanted.role, wanted.name, wanted.value);
    end if;
  end loop;
end
$roles$;

create schema if not exists extensions;
grant usage on schema public, extensions to anon, authenticated, service_role;
alter default privileges in schema public grant all on tables to anon, authenticated, service_role;
alter default privileges in schema public grant all on sequences to anon, authenticated, service_role;
alter default privileges in schema public grant all on functions to anon, authenticated, service_role;

create schema if not exists auth;
grant usage on schema auth to anon, authenticated, service_role;

create or replace function auth.jwt() returns jsonb
language sql stable
as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')
  )::jsonb
$$;

create or replace function auth.uid() returns uuid
language sql stable
as $$
  select nullif(auth.jwt() ->> 'sub', '')::uuid
$$;

create or replace function auth.role() returns text
language sql stable
as $$
  select auth.jwt() ->> 'role'
$$;

create or replace function auth.email() returns text
language sql stable
as $$
  select auth.jwt() ->> 'email'
$$;

-- The columns that a project's own SQL usually refers to.
create table if not exists auth.users (
  id uuid primary key,
  aud text,
  role text,
  email text unique,
  encrypted_password text,
  email_confirmed_at timestamptz,
  last_sign_in_at timestamptz,
  raw_app_meta_data jsonb,
  raw_user_meta_data jsonb,
  phone text,
  banned_until timestamptz,
  deleted_at timestamptz,
  is_anonymous boolean not null default false,
  created_at timestamptz default now(),
  updated_at timestamptz default now()
);

create table if not exists auth.sessions (
  id uuid primary key,
  user_id uuid not null references auth.users (id) on delete cascade,
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  not_after timestamptz,
  user_agent text,
  ip inet
);

create table if not exists auth.refresh_tokens (
  id bigserial primary key,
  session_id uuid references auth.sessions (id) on delete cascade,
  user_id text,
  token text unique,
  revoked boolean,
  created_at timestamptz default now(),
  updated_at timestamptz default now()
);

revoke all on auth.users, auth.sessions, auth.refresh_tokens from public, anon, authenticated;
grant all on auth.users, auth.sessions, auth.refresh_tokens to service_role;

-- A project reloads the API's schema cache by itself after a change of structure; temporary tables are none.
create or replace function extensions.pgrst_ddl_watch() returns event_trigger
language plpgsql
as $$
begin
  if exists (
    select
    from pg_catalog.pg_event_trigger_ddl_commands() as command
    where command.schema_name is distinct from 'pg_temp'
      and command.object_type in (
        'schema', 'table', 'foreign table', 'view', 'materialized view', 'function', 'procedure', 'type', 'rule',
        'trigger', 'table column'
      )
  ) then
    notify pgrst, 'reload schema';
  end if;
end
$$;

create or replace function extensions.pgrst_drop_watch() returns event_trigger
language plpgsql
as $$
begin
  if exists (select from pg_catalog.pg_event_trigger_dropped_objects() as dropped where not dropped.is_temporary) then
    notify pgrst, 'reload schema';
  end if;
end
$$;

do $watch$
begin
  if not exists (select from pg_catalog.pg_event_trigger where evtname = 'pgrst_ddl_watch') then
    create event trigger pgrst_ddl_watch on ddl_command_end execute function extensions.pgrst_ddl_watch();
  end if;
  if not exists (select from pg_catalog.pg_event_trigger where evtname = 'pgrst_drop_watch') then
    create event trigger pgrst_drop_watch on sql_drop execute function extensions.pgrst_drop_watch();
  end if;
end
$watch$;
