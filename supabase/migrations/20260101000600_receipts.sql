-- store_receipts: the chain of signed receipts. A batch is stored whole or not at all, and storing it again is
-- accepted. The receipts that are new must continue their executor's chain; if they do not, the reply names the first
-- that does not fit and the head that it should have followed, and nothing is stored.
create function bees.check_receipt(receipt jsonb)
returns text
language sql
immutable
return case
  when bees.is_digest(receipt -> 'digest') is not true then 'digest: expected 64 hex digits'
  when bees.is_colony(receipt -> 'colony') is not true then 'colony: expected 1 to 255 printable characters'
  when bees.is_process(receipt -> 'process') is not true then 'process: expected 64 hex digits, or direct: and 64'
  when bees.is_executor(receipt -> 'executor') is not true then 'executor: expected 64 hex digits, or direct'
  when bees.is_integer(receipt -> 'seq', 1, 9007199254740991) is not true then 'seq: expected an integer from 1'
  when pg_catalog.jsonb_typeof(receipt -> 'previous') is distinct from 'null'
    and bees.is_digest(receipt -> 'previous') is not true then 'previous: expected null or 64 hex digits'
  when bees.is_kid(receipt -> 'kid') is not true then 'kid: expected a key id'
  when bees.is_text(receipt -> 'outcome', '^(applied|replayed|failed)$') is not true
    then 'outcome: expected applied, replayed or failed'
  when pg_catalog.jsonb_typeof(receipt -> 'ledger_ids') is distinct from 'array'
    or pg_catalog.jsonb_path_exists(
      receipt, 'strict $.ledger_ids[*] ? (!(@.type() == "string" && @ like_regex "^[0-9]{1,18}$"))'
    ) then 'ledger_ids: expected a list of decimal strings'
  when bees.is_text(receipt -> 'jws', '^[A-Za-z0-9_-]+[.][A-Za-z0-9_-]+[.][A-Za-z0-9_-]+$') is not true
    then 'jws: expected a compact JWS'
  when pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(receipt ->> 'jws', 'UTF8')), 'hex')
    <> (receipt ->> 'digest') then 'digest: expected the SHA-256 of jws'
end;

create function bees.op_store_receipts(call jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  receipts constant jsonb := call -> 'receipts';
  problem text;
  gap record;
  stored integer;
begin
  if jsonb_typeof(receipts) is distinct from 'array' or jsonb_array_length(receipts) not between 1 and 1000 then
    perform bees.refuse_call('receipts: expected a list of 1 to 1000');
  end if;

  select format('receipts[%s].%s', r.position - 1, bees.check_receipt(r.receipt)) into problem
  from jsonb_array_elements(receipts) with ordinality as r (receipt, position)
  where bees.check_receipt(r.receipt) is not null
  order by r.position
  limit 1;
  if problem is not null then
    perform bees.refuse_call(problem);
  end if;

  -- One writer for each chain, locked in one order so that two batches cannot wait for each other.
  perform bees.lock_subject('receipts', chain.colony, chain.executor)
  from (
    select distinct r.receipt ->> 'colony' as colony, r.receipt ->> 'executor' as executor
    from jsonb_array_elements(receipts) as r (receipt)
    order by 1, 2
  ) as chain;

  with incoming as (
    select r.*, r.position - 1 as index
    from rows from (
      jsonb_to_recordset(receipts) as (digest text, colony text, executor text, seq bigint, previous text)
    ) with ordinality as r (digest, colony, executor, seq, previous, position)
  ),
  fresh as (
    select distinct on (i.digest) i.*
    from incoming as i
    where not exists (select from bees.receipts as known where known.digest = i.digest)
    order by i.digest, i.position
  ),
  linked as (
    select
      f.*,
      coalesce(lag(f.seq) over chain, head.seq, 0) as head_seq,
      coalesce(lag(f.digest) over chain, head.digest) as head_digest
    from fresh as f
    left join lateral (
      select known.seq, known.digest
      from bees.receipts as known
      where known.colony = f.colony and known.executor = f.executor
      order by known.seq desc
      limit 1
    ) as head on true
    window chain as (partition by f.colony, f.executor order by f.position)
  )
  select l.* into gap
  from linked as l
  where l.seq <> l.head_seq + 1 or l.previous is distinct from l.head_digest
  order by l.position
  limit 1;

  if found then
    return jsonb_build_object(
      'v', 1,
      'outcome', 'chain_gap',
      'index', gap.index,
      'executor', gap.executor,
      'head', case when gap.head_seq > 0 then jsonb_build_object('seq', gap.head_seq, 'digest', gap.head_digest) end
    );
  end if;

  insert into bees.receipts (digest, colony, process, executor, seq, previous, kid, outcome, ledger_ids, jws)
  select r.digest, r.colony, r.process, r.executor, r.seq, r.previous, r.kid, r.outcome, r.ledger_ids, r.jws
  from jsonb_to_recordset(receipts) as r (
    digest text, colony text, process text, executor text, seq bigint, previous text, kid text, outcome text,
    ledger_ids bigint[], jws text
  )
  on conflict (digest) do nothing;
  get diagnostics stored = row_count;

  return jsonb_build_object(
    'v', 1, 'outcome', 'stored', 'received', jsonb_array_length(receipts), 'stored', stored
  );
end
$$;

-- receipt_head: where an executor's chain stands, for a hive that starts again with the same executor.
create function bees.op_receipt_head(call jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if bees.is_colony(call -> 'colony') is not true then
    perform bees.refuse_call('colony: expected 1 to 255 printable characters');
  end if;
  if bees.is_executor(call -> 'executor') is not true then
    perform bees.refuse_call('executor: expected 64 hex digits, or direct');
  end if;

  return jsonb_build_object(
    'v', 1,
    'outcome', 'head',
    'executor', call -> 'executor',
    'head', (
      select jsonb_build_object('seq', r.seq, 'digest', r.digest)
      from bees.receipts as r
      where r.colony = call ->> 'colony' and r.executor = call ->> 'executor'
      order by r.seq desc
      limit 1
    )
  );
end
$$;
