-- read: everything that the ledger knows of one process. A process that was answered from another one's row (same
-- business key) has no row of its own; the rows that its receipts name are therefore included.
create function bees.op_read(call jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_colony constant text := call ->> 'colony';
  v_process constant text := call ->> 'process';
begin
  if bees.is_colony(call -> 'colony') is not true then
    perform bees.refuse_call('colony: expected 1 to 255 printable characters');
  end if;
  if bees.is_process(call -> 'process') is not true then
    perform bees.refuse_call('process: expected 64 hex digits, or direct: and 64');
  end if;

  return (
    with receipts as (
      select r.*
      from bees.receipts as r
      where r.colony = v_colony and r.process = v_process
    ),
    lines as (
      select l.*
      from bees.ledger as l
      where l.colony = v_colony and l.process = v_process
      union
      select l.*
      from bees.ledger as l
      where l.colony = v_colony and l.id = any (select unnest(r.ledger_ids) from receipts as r)
    )
    select jsonb_build_object(
      'v', 1,
      'outcome', 'read',
      'process', v_process,
      'revoked', exists (
        select from bees.processes as p
        where p.colony = v_colony and p.process = v_process and p.revoked_at is not null
      ),
      'rows', coalesce((
        select jsonb_agg(
          jsonb_build_object(
            'ledger_id', l.id::text,
            'process', l.process,
            'step', l.step,
            'bee', l.bee,
            'task', l.task,
            'key', l.key,
            'input_digest', l.input_digest,
            'schema_hash', l.schema_hash,
            'executor', l.executor,
            'fence', jsonb_build_object('retries', l.retries, 'starttime', bees.rfc3339(l.starttime)),
            'output', l.output,
            'committed_at', bees.rfc3339(l.committed_at)
          )
          order by l.step, l.id
        )
        from lines as l
      ), '[]'),
      'receipts', coalesce((
        select jsonb_agg(
          jsonb_build_object(
            'digest', r.digest,
            'colony', r.colony,
            'process', r.process,
            'executor', r.executor,
            'seq', r.seq,
            'previous', r.previous,
            'kid', r.kid,
            'outcome', r.outcome,
            'ledger_ids', to_jsonb(r.ledger_ids::text[]),
            'jws', r.jws
          )
          order by r.stored_at, r.executor, r.seq
        )
        from receipts as r
      ), '[]'),
      'keys', coalesce((
        select jsonb_agg(bees.key_json(k) order by k.not_before, k.kid)
        from bees.keys as k
        where k.kid in (select r.kid from receipts as r)
      ), '[]')
    )
  );
end
$$;
