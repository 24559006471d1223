-- What Supabase's auth server calls while somebody signs in. A hook that fails or dawdles would keep people out, so these
-- three note what they are told and always answer "go on", whatever happens to the note. The note is one insert into a table
-- of its own; the puller makes events of it, by the same rules for personal data as everywhere. No e-mail address, no phone
-- number and no code is written here.

create table security.hook_notes (
  seq bigint generated always as identity primary key,
  hook text not null,
  -- The auth server's id of the request where it sends one: a repeated call is one event.
  uid text not null,
  note jsonb not null,
  at timestamptz not null default clock_timestamp()
);

-- Notes that could not be kept. A sequence: counting must work where nothing can be written.
create sequence security.hook_failures minvalue 0 start 0;
-- seal() leaves sequences to the table whose column they serve; this one serves none.
alter sequence security.hook_failures owner to bees_owner;

create schema if not exists security_hooks authorization bees_owner;
comment on schema security_hooks is 'Functions for Supabase auth hooks; executable by supabase_auth_admin alone.';

create function security.is_safe_text(p_value jsonb, p_longest integer)
returns boolean
language sql
immutable
set search_path = pg_catalog, pg_temp
return coalesce(
  jsonb_typeof(p_value) in ('string', 'number', 'boolean') and char_length(p_value #>> '{}') between 1 and p_longest, false
);

-- Nobody may be pulling (no hive, no such task): the table keeps the newest notes and stays of bounded size.
create function security.keep_hook_note(p_hook text, p_event jsonb, p_note jsonb)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_seq bigint;
  v_meta constant jsonb := p_event -> 'metadata';
  v_note jsonb;
begin
  select coalesce(jsonb_object_agg(n.key, n.value), '{}') into v_note
  from jsonb_each(
    p_note || jsonb_build_object('user_id', p_event -> 'user_id', 'ip', v_meta -> 'ip_address', 'time', v_meta -> 'time')
  ) as n
  where security.is_safe_text(n.value, 253);

  insert into security.hook_notes (hook, uid, note)
  values (
    p_hook,
    case when security.is_safe_text(v_meta -> 'uuid', 64) then v_meta ->> 'uuid' else gen_random_uuid()::text end,
    v_note
  )
  returning seq into v_seq;

  if v_seq % 4096 = 0 then
    delete from security.hook_notes as h where h.seq < v_seq - 500000;
  end if;
end
$$;

-- What a hook does around its note. `others` leaves out a cancelled statement (its time was up), hence both.
create function security_hooks.password_verification_attempt(event jsonb)
returns jsonb
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '100ms'
as $$
begin
  begin
    perform security.keep_hook_note('password', event, jsonb_build_object('valid', event -> 'valid'));
  exception when query_canceled or assert_failure or others then
    perform nextval('security.hook_failures');
  end;
  return '{"decision": "continue"}';
exception when query_canceled or assert_failure or others then
  return '{"decision": "continue"}';
end
$$;

create function security_hooks.mfa_verification_attempt(event jsonb)
returns jsonb
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '100ms'
as $$
begin
  begin
    perform security.keep_hook_note('mfa', event, jsonb_build_object(
      'valid', event -> 'valid', 'factor_type', event -> 'factor_type', 'factor_id', event -> 'factor_id'
    ));
  exception when query_canceled or assert_failure or others then
    perform nextval('security.hook_failures');
  end;
  return '{"decision": "continue"}';
exception when query_canceled or assert_failure or others then
  return '{"decision": "continue"}';
end
$$;

create function security_hooks.before_user_created(event jsonb)
returns jsonb
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '100ms'
as $$
begin
  begin
    perform security.keep_hook_note('user_created', event, jsonb_build_object(
      'user_id', event #> '{user,id}',
      -- Of the address only what belongs to many, of the number only its first digits.
      'email_domain', to_jsonb(lower(substring(event #>> '{user,email}' from '@([^@]{1,253})$'))),
      'phone_prefix', to_jsonb(left(nullif(regexp_replace(event #>> '{user,phone}', '[^0-9]', '', 'g'), ''), 4)),
      'provider', event #> '{user,app_metadata,provider}',
      'is_anonymous', event #> '{user,is_anonymous}'
    ));
  exception when query_canceled or assert_failure or others then
    perform nextval('security.hook_failures');
  end;
  return '{}';
exception when query_canceled or assert_failure or others then
  return '{}';
end
$$;

call bees.seal('security');
call bees.seal('security_hooks');

-- The auth server's role, where there is one. Where it comes later, these are the lines to run.
do $$
begin
  if exists (select from pg_catalog.pg_roles where rolname = 'supabase_auth_admin') then
    grant usage on schema security_hooks to supabase_auth_admin;
    grant execute on all functions in schema security_hooks to supabase_auth_admin;
  end if;
end
$$;
