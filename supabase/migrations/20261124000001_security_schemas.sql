-- The Security Bee's two schemas.
--
--   security       its tables and functions, owned by bees_owner like everything of ours
--   security_auth  the few things that it may do to Supabase's auth objects: functions owned by whoever migrates (on a
--                  hosted project: postgres), which run with that role's rights, one narrow thing each. bees_owner may
--                  call them and has no right on the schema auth itself.
create schema if not exists security authorization bees_owner;
create schema if not exists security_auth;

comment on schema security is 'The Security Bee: events, findings, incidents, alerts, responses.';
comment on schema security_auth is 'What the Security Bee may do to auth.*: narrow functions, executable by bees_owner alone.';

revoke all on schema security, security_auth from public, anon, authenticated, service_role, bee;
grant usage on schema security_auth to bees_owner;

-- Closes the functions of security_auth to everybody but bees_owner. A migration that adds one calls it last.
create procedure security_auth.seal()
language plpgsql
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  target record;
begin
  for target in
    select p.oid::pg_catalog.regprocedure as name
    from pg_catalog.pg_proc as p
    where p.pronamespace = 'security_auth'::pg_catalog.regnamespace and p.prokind = 'f'
  loop
    execute format('revoke all on function %s from public, anon, authenticated, service_role, bee', target.name);
    execute format('grant execute on function %s to bees_owner', target.name);
  end loop;
end
$$;

revoke all on procedure security_auth.seal() from public, anon, authenticated, service_role, bee;

call bees.seal('security');
