-- What applications ask: is this token denied, is its owner to be challenged or slowed down? In a schema of its own, which no
-- later migration seals: sealing takes grants away, and the grants on these functions are the project's own decision. As they
-- come, nobody may execute them. docs/response.md has the lines that opt in.
create schema security_rls authorization bees_owner;

comment on schema security_rls is 'What row level security and edge functions may ask about denied tokens. Closed until you opt in.';

-- What holds for somebody, whichever of the four is known: { deny, challenge, throttle }, each false or until when (RFC 3339).
create function security_rls.measures_for(
  p_user text,
  p_session text,
  p_ip inet,
  p_api_key text,
  p_issued_at timestamptz default null
)
returns jsonb
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('deny', false, 'challenge', false, 'throttle', false)
    || coalesce(jsonb_object_agg(found.measure, bees.rfc3339(found.until)), '{}')
  from (
    select case r.measure when 'lock' then 'deny' else r.measure end as measure, max(r.until) as until
    from security.restrictions as r
    where r.until > now()
      and (r.issued_before is null or p_issued_at is null or p_issued_at < r.issued_before)
      and (
        r.kind = 'user' and r.target = lower(p_user)
        or r.kind = 'session' and r.target = lower(p_session)
        or r.kind = 'api_key' and r.target = p_api_key
        or r.net is not null and r.net >>= p_ip
      )
    group by 1
  ) as found
$$;

-- The same for the token of the current request. The address is the one that the platform's own edge has written.
create function security_rls.measures()
returns jsonb
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  claims constant jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
  headers constant jsonb := nullif(current_setting('request.headers', true), '')::jsonb;
begin
  return security_rls.measures_for(
    claims ->> 'sub',
    claims ->> 'session_id',
    security.to_net(headers ->> 'cf-connecting-ip'),
    null,
    to_timestamp((claims ->> 'iat')::double precision)
  );
end
$$;

-- For a policy: whether the token of the current request may still be used.
create function security_rls.allowed()
returns boolean
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$ select security_rls.measures() -> 'deny' = 'false' $$;

call bees.seal('security_rls');
