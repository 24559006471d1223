-- Public keys. A key id is the RFC 7638 thumbprint of the key, so nobody can publish another key under a known id.
create function bees.thumbprint(x text)
returns text
language sql
immutable
return pg_catalog.translate(
  pg_catalog.encode(
    pg_catalog.sha256(pg_catalog.convert_to('{"crv":"Ed25519","kty":"OKP","x":"' || x || '"}', 'UTF8')), 'base64'
  ),
  '+/=',
  '-_'
);

create function bees.key_json(key bees.keys)
returns jsonb
language sql
stable
return pg_catalog.jsonb_build_object(
  'kid', key.kid,
  'x', key.x,
  'use', key.use,
  'not_before', bees.rfc3339(key.not_before),
  'not_after', bees.rfc3339(key.not_after)
);

-- publish_key: inserts, or brings the end of a known key forward. Publishing the same again is accepted; a later end
-- is not taken over, for a key that was retired must not come back to life. An end that has passed counts as now: what
-- was signed while the key was good stays provable, whoever calls this.
create function bees.op_publish_key(call jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  problem text;
  key bees.keys;
begin
  problem := case
    when bees.is_text(call -> 'x', '^[A-Za-z0-9_-]{43}$') is not true then 'x: expected 32 bytes as base64url'
    when call ->> 'kid' is distinct from bees.thumbprint(call ->> 'x')
      then 'kid: expected the RFC 7638 thumbprint of the key'
    when bees.is_text(call -> 'use', '^(receipt|task)$') is not true then 'use: expected receipt or task'
    when bees.is_timestamp(call -> 'not_before') is not true then 'not_before: expected an RFC 3339 time'
    when jsonb_typeof(call -> 'not_after') is distinct from 'null'
      and bees.is_timestamp(call -> 'not_after') is not true
      then 'not_after: expected null or an RFC 3339 time'
  end;
  if problem is not null then
    perform bees.refuse_call(problem);
  end if;

  insert into bees.keys as k (kid, x, use, not_before, not_after)
  values (
    call ->> 'kid', call ->> 'x', call ->> 'use', (call ->> 'not_before')::timestamptz,
    (call ->> 'not_after')::timestamptz
  )
  on conflict (kid) do update
  set not_after = greatest(excluded.not_after, now())
  where k.use = excluded.use and greatest(excluded.not_after, now()) < coalesce(k.not_after, 'infinity')
    -- greatest() passes over null, which means no end.
    and excluded.not_after is not null;

  select k.* into strict key
  from bees.keys as k
  where k.kid = call ->> 'kid';

  return jsonb_build_object(
    'v', 1,
    'outcome', case when key.use = call ->> 'use' then 'published' else 'other_use' end,
    'key', bees.key_json(key)
  );
end
$$;

-- keys: all of them, the retired ones too, since old receipts are verified with old keys.
create function bees.op_keys()
returns jsonb
language sql
stable
return pg_catalog.jsonb_build_object(
  'v', 1,
  'outcome', 'keys',
  'keys', coalesce(
    (select pg_catalog.jsonb_agg(bees.key_json(k) order by k.not_before, k.kid) from bees.keys as k), '[]'
  )
);
