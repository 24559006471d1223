-- The audit of responses: a chain of hashes for each tenant.

-- RFC 8785 for what is stored here: keys in ASCII, numbers without exponents. TypeScript's canonicalJson writes the same.
create function security.canonical(p_value jsonb)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  case jsonb_typeof(p_value)
    when 'object' then
      return (
        select '{' || coalesce(
          string_agg(to_json(m.key)::text || ':' || security.canonical(m.value), ',' order by m.key collate "C"), ''
        ) || '}'
        from jsonb_each(p_value) as m
      );
    when 'array' then
      return (
        select '[' || coalesce(string_agg(security.canonical(e.value), ',' order by e.ordinality), '') || ']'
        from jsonb_array_elements(p_value) with ordinality as e
      );
    when 'number' then
      return trim_scale((p_value #>> '{}')::numeric)::text;
    else
      return p_value::text;
  end case;
end
$$;

create function security.digest(p_value jsonb)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$ select encode(sha256(convert_to(security.canonical(p_value), 'utf8')), 'hex') $$;

-- One response of a tenant at a time: what the limits count and the end of the chain stand still meanwhile.
create function security.lock_responses(p_tenant text)
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$ select bees.lock_subject('security.responses', p_tenant) $$;

create function security.audit_hash(p_tenant text, p_seq bigint, p_previous text, p_at timestamptz, p_entry jsonb)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select security.digest(jsonb_build_object(
    'v', 1, 'tenant', p_tenant, 'seq', p_seq, 'previous', p_previous, 'at', bees.rfc3339(p_at), 'entry', p_entry
  ))
$$;

-- Adds an entry at the end of the tenant's chain and returns { seq, hash }.
create function security.append_audit(p_tenant text, p_entry jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  last security.audit;
  made security.audit;
begin
  perform security.lock_responses(p_tenant);
  select a.* into last from security.audit as a where a.tenant = p_tenant order by a.seq desc limit 1;

  made.tenant := p_tenant;
  made.seq := coalesce(last.seq, 0) + 1;
  made.previous := last.hash;
  made.at := clock_timestamp();
  made.entry := jsonb_strip_nulls(p_entry);
  made.hash := security.audit_hash(made.tenant, made.seq, made.previous, made.at, made.entry);
  insert into security.audit select made.*;
  return jsonb_build_object('seq', made.seq, 'hash', made.hash);
end
$$;

-- The end of a chain, { seq, hash }; kept with a receipt, it proves later that nothing was cut off.
create function security.audit_head(p_tenant text)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(
    (
      select jsonb_build_object('seq', a.seq, 'hash', a.hash)
      from security.audit as a
      where a.tenant = p_tenant
      order by a.seq desc
      limit 1
    ),
    '{"seq": 0, "hash": null}'
  )
$$;

-- Looks through a part of a chain. Returns { checked, head, problems: [{ seq, problem }] }, at most 20 problems.
create function security.verify_audit(p_tenant text, p_from bigint default 1, p_most integer default 10000)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  row security.audit;
  expected_seq bigint := greatest(p_from, 1);
  expected_previous text;
  problems jsonb := '[]';
  checked integer := 0;
begin
  select a.hash into expected_previous from security.audit as a where a.tenant = p_tenant and a.seq = expected_seq - 1;
  for row in
    select a.* from security.audit as a
    where a.tenant = p_tenant and a.seq >= expected_seq
    order by a.seq
    limit p_most
  loop
    if row.seq <> expected_seq then
      problems := problems || jsonb_build_object('seq', row.seq, 'problem', 'missing_before');
    elsif row.previous is distinct from expected_previous then
      problems := problems || jsonb_build_object('seq', row.seq, 'problem', 'previous');
    end if;
    if row.hash is distinct from security.audit_hash(row.tenant, row.seq, row.previous, row.at, row.entry) then
      problems := problems || jsonb_build_object('seq', row.seq, 'problem', 'hash');
    end if;
    exit when jsonb_array_length(problems) >= 20;
    checked := checked + 1;
    expected_seq := row.seq + 1;
    expected_previous := row.hash;
  end loop;
  return jsonb_build_object('checked', checked, 'head', security.audit_head(p_tenant), 'problems', problems);
end
$$;

call bees.seal('security');
