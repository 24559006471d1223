-- What a person does about dead letters and failed processes: look through them, and hand one in again. Each such redrive
-- leaves a row with a statement that its submitter signed.

-- Newest first, page by page.
create index dead_letters_newest on bees.dead_letters (stored_at, source, id, payload_digest);

-- Append-only. Whether the statement is genuine is for its reader to check: Postgres does not verify Ed25519.
create table bees.redrives (
  id bigint generated always as identity primary key,
  colony text not null,
  -- letter: the row of bees.dead_letters with this source, subject (its id) and digest.
  -- process: the failed process `subject` at the broker; source is empty.
  kind text not null,
  source text not null,
  subject text not null,
  -- Of the input, which is the same as before.
  digest text not null,
  -- The new process.
  process text not null,
  kid text not null,
  statement text not null,
  recorded_at timestamptz not null default clock_timestamp(),
  constraint redrives_process unique (colony, process)
);

create index redrives_subject on bees.redrives (colony, kind, source, subject);

create trigger append_only
before update or delete or truncate on bees.redrives
for each statement execute function bees.refuse_change();

alter table bees.redrives enable always trigger append_only;

-- What a redrive is about; null when it is well formed.
create function bees.redrive_subject_problem(subject jsonb)
returns text
language sql
immutable
return case
  when bees.is_text(subject -> 'kind', '^(letter|process)$') is not true then 'kind: expected letter or process'
  when subject ->> 'kind' = 'letter' and bees.is_text(subject -> 'source', '^[a-z][a-z0-9_.:/-]{0,99}$') is not true
    then 'source: expected a name'
  when subject ->> 'kind' = 'process' and subject -> 'source' is distinct from '""' then 'source: expected an empty text'
  when subject ->> 'kind' = 'process' and bees.is_text(subject -> 'subject', '^[0-9a-f]{64}$') is not true
    then 'subject: expected 64 hex digits'
  when bees.is_string(subject -> 'subject', 255) is not true then 'subject: expected 1 to 255 characters'
end;

create function bees.redrive_json(redrive bees.redrives)
returns jsonb
language sql
stable
return pg_catalog.jsonb_build_object(
  'id', redrive.id::text,
  'kind', redrive.kind,
  'source', redrive.source,
  'subject', redrive.subject,
  'digest', redrive.digest,
  'process', redrive.process,
  'kid', redrive.kid,
  'statement', redrive.statement,
  'recorded_at', bees.rfc3339(redrive.recorded_at)
);

-- dead_letters: one page, newest first, without payloads, which may be large and personal.
create function bees.op_dead_letters(call jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  before constant jsonb := call -> 'before';
  problem text;
begin
  problem := case
    when bees.is_integer(call -> 'limit', 1, 100) is not true then 'limit: expected an integer from 1 to 100'
    when before is null then 'before: expected null or the place of a letter'
    when before = 'null' then null
    when bees.is_timestamp(before -> 'stored_at') is not true then 'before.stored_at: expected an RFC 3339 time'
    when jsonb_typeof(before -> 'source') is distinct from 'string'
      or jsonb_typeof(before -> 'id') is distinct from 'string'
      or jsonb_typeof(before -> 'payload_digest') is distinct from 'string'
      then 'before: expected source, id and payload_digest as texts'
  end;
  if problem is not null then
    perform bees.refuse_call(problem);
  end if;

  return (
    with page as (
      select d.source, d.id, d.payload_digest, d.code, d.stored_at
      from bees.dead_letters as d
      where before = 'null'
        or (d.stored_at, d.source, d.id, d.payload_digest)
        < (
          (before ->> 'stored_at')::timestamptz, before ->> 'source', before ->> 'id', before ->> 'payload_digest'
        )
      order by d.stored_at desc, d.source desc, d.id desc, d.payload_digest desc
      limit (call ->> 'limit')::integer
    )
    select jsonb_build_object(
      'v', 1,
      'outcome', 'dead_letters',
      'letters', coalesce(
        jsonb_agg(
          jsonb_build_object(
            'source', p.source,
            'id', p.id,
            'payload_digest', p.payload_digest,
            'code', p.code,
            'stored_at', bees.rfc3339(p.stored_at)
          )
          order by p.stored_at desc, p.source desc, p.id desc, p.payload_digest desc
        ),
        '[]'
      )
    )
    from page as p
  );
end
$$;

-- dead_letter_read: one letter with its payload; several when other bytes came under the same id.
create function bees.op_dead_letter_read(call jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if bees.is_text(call -> 'source', '^[a-z][a-z0-9_.:/-]{0,99}$') is not true then
    perform bees.refuse_call('source: expected a name');
  end if;
  if bees.is_string(call -> 'id', 255) is not true then
    perform bees.refuse_call('id: expected 1 to 255 characters');
  end if;

  return (
    with found as (
      select d.*
      from bees.dead_letters as d
      where d.source = call ->> 'source' and d.id = call ->> 'id'
      order by d.stored_at desc, d.payload_digest
      limit 10
    )
    select jsonb_build_object(
      'v', 1,
      'outcome', 'dead_letter',
      'source', call -> 'source',
      'id', call -> 'id',
      'letters', coalesce(
        jsonb_agg(
          jsonb_build_object(
            'source', f.source,
            'id', f.id,
            'payload_digest', f.payload_digest,
            'code', f.code,
            'stored_at', bees.rfc3339(f.stored_at),
            'payload', f.payload
          )
          order by f.stored_at desc, f.payload_digest
        ),
        '[]'
      )
    )
    from found as f
  );
end
$$;

-- record_redrive: after the submit, since the new process's id is part of the statement. Recording the same again is
-- accepted; a process that was recorded as the redrive of something else is not.
create function bees.op_record_redrive(call jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  problem text;
  recorded bees.redrives;
begin
  problem := case
    when bees.is_colony(call -> 'colony') is not true then 'colony: expected 1 to 255 printable characters'
    when bees.redrive_subject_problem(call) is not null then bees.redrive_subject_problem(call)
    when bees.is_digest(call -> 'digest') is not true then 'digest: expected 64 hex digits'
    when bees.is_text(call -> 'process', '^[0-9a-f]{64}$') is not true then 'process: expected 64 hex digits'
    when bees.is_kid(call -> 'kid') is not true then 'kid: expected a key id'
    when bees.is_string(call -> 'statement', 8192) is not true
      or bees.is_text(call -> 'statement', '^[A-Za-z0-9_-]+[.][A-Za-z0-9_-]+[.][A-Za-z0-9_-]{86}$') is not true
      then 'statement: expected a compact JWS'
  end;
  if problem is not null then
    perform bees.refuse_call(problem);
  end if;

  if call ->> 'kind' = 'letter' and not exists (
    select from bees.dead_letters as d
    where d.source = call ->> 'source' and d.id = call ->> 'subject' and d.payload_digest = call ->> 'digest'
  ) then
    return jsonb_build_object('v', 1, 'outcome', 'unknown_letter', 'process', call -> 'process');
  end if;

  insert into bees.redrives as r (colony, kind, source, subject, digest, process, kid, statement)
  values (
    call ->> 'colony', call ->> 'kind', call ->> 'source', call ->> 'subject', call ->> 'digest', call ->> 'process',
    call ->> 'kid', call ->> 'statement'
  )
  on conflict (colony, process) do nothing
  returning r.* into recorded;

  if not found then
    select r.* into strict recorded
    from bees.redrives as r
    where r.colony = call ->> 'colony' and r.process = call ->> 'process';

    if (recorded.kind, recorded.source, recorded.subject, recorded.digest)
      is distinct from (call ->> 'kind', call ->> 'source', call ->> 'subject', call ->> 'digest')
    then
      return jsonb_build_object('v', 1, 'outcome', 'other_subject', 'process', call -> 'process');
    end if;
  end if;

  return jsonb_build_object('v', 1, 'outcome', 'recorded', 'process', call -> 'process');
end
$$;

-- redrives: of up to 300 letters and processes, newest first.
create function bees.op_redrives(call jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  subjects constant jsonb := call -> 'subjects';
  subject jsonb;
begin
  if bees.is_colony(call -> 'colony') is not true then
    perform bees.refuse_call('colony: expected 1 to 255 printable characters');
  end if;
  if jsonb_typeof(subjects) is distinct from 'array' then
    perform bees.refuse_call('subjects: expected an array');
  end if;
  if jsonb_array_length(subjects) > 300 then
    perform bees.refuse_call('subjects: expected at most 300');
  end if;
  for subject in select s.value from jsonb_array_elements(subjects) as s
  loop
    if bees.redrive_subject_problem(subject) is not null then
      perform bees.refuse_call('subjects: ' || bees.redrive_subject_problem(subject));
    end if;
  end loop;

  return (
    select jsonb_build_object(
      'v', 1, 'outcome', 'redrives', 'redrives', coalesce(jsonb_agg(bees.redrive_json(r) order by r.id desc), '[]')
    )
    from bees.redrives as r
    where r.colony = call ->> 'colony'
      and (r.kind, r.source, r.subject) in (
        select s.value ->> 'kind', s.value ->> 'source', s.value ->> 'subject'
        from jsonb_array_elements(subjects) as s
      )
  );
end
$$;

call bees.seal('bees');

-- As for the ledger: the owner can neither change nor remove history.
revoke update, delete, truncate on bees.redrives from bees_owner;
