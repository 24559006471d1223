-- Bans, and what the brakes want to know of users and sessions.

-- Bans a user until a moment (null: not at all), if he is banned until p_expected now. set, changed or no_user.
create function security_auth.set_ban(p_user uuid, p_until timestamptz, p_expected timestamptz)
returns text
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  current_ban timestamptz;
begin
  perform security_auth.require_auth();
  select u.banned_until into current_ban from auth.users as u where u.id = p_user for update;
  if not found then
    return 'no_user';
  end if;
  if current_ban is distinct from p_expected then
    return 'changed';
  end if;
  update auth.users as u set banned_until = p_until where u.id = p_user;
  return 'set';
end
$$;

-- Whether a row of auth.users is an administrator: by Supabase's own flag, or by the role in its app metadata.
create function security_auth.is_admin(p_user jsonb, p_roles text[])
returns boolean
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce((p_user ->> 'is_super_admin')::boolean, false)
    or coalesce(p_user #>> '{raw_app_meta_data,role}' = any (p_roles), false)
    or case jsonb_typeof(p_user #> '{raw_app_meta_data,roles}')
      when 'array' then (p_user #> '{raw_app_meta_data,roles}') ?| p_roles
      else false
    end
$$;

-- What the brakes want to know of a user: { exists, banned_until, sessions, admin, other_admins }.
create function security_auth.user_facts(p_user uuid, p_roles text[])
returns jsonb
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  facts jsonb;
begin
  perform security_auth.require_auth();
  select jsonb_build_object(
    'exists', true,
    'banned_until', u.banned_until,
    'sessions', (select count(*) from auth.sessions as s where s.user_id = u.id),
    'admin', security_auth.is_admin(to_jsonb(u), p_roles)
  ) into facts
  from auth.users as u
  where u.id = p_user;

  if facts is null then
    return '{"exists": false, "sessions": 0, "admin": false, "other_admins": 0}';
  end if;
  if (facts ->> 'admin')::boolean then
    facts := facts || jsonb_build_object('other_admins', (
      select count(*)
      from auth.users as u
      where u.id <> p_user
        and security_auth.is_admin(to_jsonb(u), p_roles)
        and coalesce(u.banned_until, '-infinity') <= now()
        and (to_jsonb(u) ->> 'deleted_at') is null
    ));
  end if;
  return facts;
end
$$;

create function security_auth.ban_of(p_user uuid)
returns timestamptz
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform security_auth.require_auth();
  return (select u.banned_until from auth.users as u where u.id = p_user);
end
$$;

create function security_auth.user_of_session(p_session uuid)
returns uuid
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform security_auth.require_auth();
  return (select s.user_id from auth.sessions as s where s.id = p_session);
end
$$;

-- Sessions of a user, or one session: ids, and the digest of everything that would be deleted with them.
create function security_auth.sessions_state(p_user uuid, p_session uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  ids uuid[];
begin
  perform security_auth.require_auth();
  select coalesce(array_agg(s.id order by s.id), '{}') into ids
  from auth.sessions as s
  where (p_session is null and s.user_id = p_user) or s.id = p_session;
  return jsonb_build_object(
    'sessions', cardinality(ids), 'digest', security_auth.digest_of(security_auth.session_rows(ids))
  );
end
$$;

-- How many of these sessions are there.
create function security_auth.sessions_alive(p_sessions uuid[])
returns integer
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform security_auth.require_auth();
  return (select count(*) from auth.sessions as s where s.id = any (p_sessions));
end
$$;

-- Users with a session that has been used since then.
create function security_auth.active_users(p_since timestamptz)
returns bigint
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform security_auth.require_auth();
  return (
    select count(distinct s.user_id)
    from auth.sessions as s
    where greatest(s.created_at, s.updated_at, s.refreshed_at at time zone 'utc') >= p_since
  );
end
$$;

-- Users with such a session from these addresses; at most 1001, since more is too many in any case.
create function security_auth.users_at(p_net inet, p_since timestamptz)
returns uuid[]
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform security_auth.require_auth();
  return (
    select coalesce(array_agg(found.user_id), '{}')
    from (
      select distinct s.user_id
      from auth.sessions as s
      where s.ip <<= p_net and greatest(s.created_at, s.updated_at, s.refreshed_at at time zone 'utc') >= p_since
      limit 1001
    ) as found
  );
end
$$;

-- About how many sessions there are, by the planner's statistics.
create function security_auth.about_sessions()
returns bigint
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$ select coalesce((select c.reltuples::bigint from pg_class as c where c.oid = to_regclass('auth.sessions')), 0) $$;

-- Addresses that these users' sessions have come from.
create function security_auth.addresses_of(p_users uuid[])
returns inet[]
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform security_auth.require_auth();
  return (
    select coalesce(array_agg(distinct s.ip), '{}')
    from auth.sessions as s
    where s.user_id = any (p_users) and s.ip is not null
  );
end
$$;

call security_auth.seal();
