-- Roles and schemas.
--
--   bees_owner   owns everything of ours; cannot log in
--   bee          may call public.bee_execute and nothing else: give a fleet this role instead of service_role,
--                and a leaked key opens one function instead of the whole project
--
-- The other three exist on a hosted Supabase; on a plain Postgres we create them, so that the rules below mean the
-- same everywhere. Roles belong to the whole cluster, hence the tolerance for someone who creates them at this moment.
do $$
declare
  role_name text;
begin
  foreach role_name in array array['bees_owner', 'bee', 'anon', 'authenticated', 'service_role']
  loop
    if not exists (select from pg_catalog.pg_roles where rolname = role_name) then
      begin
        execute format('create role %I nologin noinherit', role_name);
      exception
        when duplicate_object or unique_violation then
          null;
      end;
    end if;
  end loop;

  -- Whoever deploys hands objects over to bees_owner, which needs membership unless it is a superuser. 'usage', since
  -- from Postgres 16 on the creator of a role is a member that may only administer it.
  if not pg_has_role(current_user, 'bees_owner', 'usage') then
    execute format('grant bees_owner to %I', current_user);
  end if;

  -- PostgREST logs in as authenticator and takes the role that the token names.
  if exists (select from pg_catalog.pg_roles where rolname = 'authenticator')
    and not pg_has_role('authenticator', 'bee', 'member')
  then
    grant bee to authenticator;
  end if;
end
$$;

create schema if not exists bees authorization bees_owner;
create schema if not exists bee_tasks authorization bees_owner;

comment on schema bees is 'The ledger: private tables and functions behind public.bee_execute.';
comment on schema bee_tasks is 'One private function per task: <bee>__<task>(input jsonb, call jsonb) returns jsonb.';

revoke all on schema bees, bee_tasks from public, anon, authenticated, service_role, bee;

-- Functions are executable by everybody from birth unless this is taken back where they are born.
alter default privileges for role bees_owner revoke execute on functions from public;

-- Hands every table, view, sequence and function of a schema to bees_owner, closes them and the schema itself to
-- everybody else and turns row level security on. A migration that adds objects to bees, bee_tasks or another private
-- schema calls it last, so that no single object can be forgotten and no default privilege of the platform stays behind.
--
-- It also mends an empty search_path. That one looks safe and is not: temporary types come first then, so a caller's
-- own domain called text would have its check run in here, with the rights of bees_owner.
create or replace procedure bees.seal(schema_name text)
language plpgsql
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  owner_oid constant oid := 'bees_owner'::pg_catalog.regrole;
  outsiders constant text := 'public, anon, authenticated, service_role, bee';
  target record;
begin
  -- A slip of the pen must neither seal nothing nor hand somebody else's schema over.
  if not exists (select from pg_catalog.pg_namespace as n where n.nspname = schema_name and n.nspowner = owner_oid) then
    raise exception 'bees.seal: % is no schema of bees_owner', schema_name using errcode = '22023';
  end if;
  execute format('revoke all on schema %I from %s', schema_name, outsiders);

  for target in
    select c.relkind, c.relowner, c.relrowsecurity, format('%I.%I', schema_name, c.relname) as name
    from pg_catalog.pg_class as c
    where c.relnamespace = pg_catalog.to_regnamespace(pg_catalog.quote_ident(schema_name))
      and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
  loop
    -- A sequence behind an identity column follows its table.
    if target.relkind <> 'S' and target.relowner <> owner_oid then
      execute format('alter table %s owner to bees_owner', target.name);
    end if;
    if target.relkind in ('r', 'p') and not target.relrowsecurity then
      execute format('alter table %s enable row level security', target.name);
    end if;
    execute format(
      'revoke all on %s %s from %s',
      case target.relkind when 'S' then 'sequence' else 'table' end,
      target.name,
      outsiders
    );
  end loop;

  for target in
    select p.oid::pg_catalog.regprocedure as name, p.proowner, p.proconfig @> array['search_path=""'] as empty_path
    from pg_catalog.pg_proc as p
    where p.pronamespace = pg_catalog.to_regnamespace(pg_catalog.quote_ident(schema_name))
  loop
    if target.proowner <> owner_oid then
      execute format('alter routine %s owner to bees_owner', target.name);
    end if;
    if target.empty_path then
      execute format('alter routine %s set search_path = pg_catalog, pg_temp', target.name);
    end if;
    execute format('revoke all on routine %s from %s', target.name, outsiders);
  end loop;
end
$$;
