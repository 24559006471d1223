-- What all operations share. The caller is ours, and its calls are checked here all the same: a call that is wrong in
-- form says so (SQLSTATE 22023) before anything is read or written.

create function bees.refuse_call(problem text)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception 'bee_execute: %', problem using errcode = '22023';
end
$$;

create function bees.is_text(value jsonb, pattern text)
returns boolean
language sql
immutable
return pg_catalog.jsonb_typeof(value) = 'string' and (value #>> '{}') ~ pattern;

create function bees.is_string(value jsonb, longest integer)
returns boolean
language sql
immutable
return pg_catalog.jsonb_typeof(value) = 'string' and pg_catalog.char_length(value #>> '{}') between 1 and longest;

create function bees.is_integer(value jsonb, lowest bigint, highest bigint)
returns boolean
language sql
immutable
return case
  -- The pattern keeps 1.5, 1e99 and numbers of a thousand digits away from the cast.
  when pg_catalog.jsonb_typeof(value) = 'number' and (value #>> '{}') ~ '^-?[0-9]{1,18}$'
    then (value #>> '{}')::bigint between lowest and highest
  else false
end;

-- RFC 3339. The pattern keeps 'now', 'infinity' and local notations away from the cast.
create function bees.is_timestamp(value jsonb)
returns boolean
language sql
immutable
return bees.is_text(
  value,
  '^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})$'
);

create function bees.is_process(value jsonb)
returns boolean
language sql
immutable
return bees.is_text(value, '^(direct:)?[0-9a-f]{64}$');

create function bees.is_digest(value jsonb)
returns boolean
language sql
immutable
return bees.is_text(value, '^[0-9a-f]{64}$');

create function bees.is_colony(value jsonb)
returns boolean
language sql
immutable
return bees.is_text(value, '^[^[:cntrl:]]{1,255}$');

-- A broker's executor id; 'direct', with a suffix where several hives take the direct path, for work without a broker.
create function bees.is_executor(value jsonb)
returns boolean
language sql
immutable
return bees.is_text(value, '^([0-9a-f]{64}|direct(:[A-Za-z0-9_-]{1,64})?)$');

create function bees.is_kid(value jsonb)
returns boolean
language sql
immutable
return bees.is_text(value, '^[A-Za-z0-9_-]{1,128}$');

-- RFC 3339 in UTC with microseconds: one notation, whatever the session's time zone and DateStyle.
create function bees.rfc3339(moment timestamptz)
returns text
language sql
stable
return pg_catalog.to_char(moment at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');

-- One lock for one subject within the transaction. 64 bits: a collision makes two strangers wait, nothing worse.
create function bees.lock_subject(kind text, variadic subject text[])
returns void
language sql
volatile
return pg_catalog.pg_advisory_xact_lock(
  pg_catalog.hashtextextended(pg_catalog.concat_ws(e'\x1f', kind, pg_catalog.array_to_string(subject, e'\x1f')), 0)
);
