-- An assignment counts as the newest from its first call on, also when that call is answered from the ledger. Before, a
-- step that was done already left the fence as it was, so that an executor that had stood still could still do the second
-- step of a process whose next assignment was between the two.

create or replace function bees.op_execute(call jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_colony constant text := call ->> 'colony';
  v_process constant text := call ->> 'process';
  v_executor constant text := call ->> 'executor';
  v_bee constant text := call ->> 'bee';
  v_task constant text := call ->> 'task';
  v_key constant text := call ->> 'key';
  v_input_digest constant text := call ->> 'input_digest';
  v_step integer;
  v_retries integer;
  v_starttime timestamptz;
  seen bees.processes;
  done bees.ledger;
  owner text;
  output jsonb;
begin
  perform bees.check_execute(call);
  v_step := call ->> 'step';
  v_retries := call #>> '{fence,retries}';
  v_starttime := call #>> '{fence,starttime}';

  -- 1. Register process and fence. The usual process is new; the insert waits for a twin that is at it right now.
  insert into bees.processes (colony, process, retries, starttime, executor)
  values (v_colony, v_process, v_retries, v_starttime, v_executor)
  on conflict (colony, process) do nothing;

  if not found then
    select p.* into strict seen
    from bees.processes as p
    where p.colony = v_colony and p.process = v_process
    for update;

    -- 2. The newest assignment that was heard of is the one that counts, even when all that it asks for is done already:
    -- between two steps of an assignment an older one must not slip in.
    if seen.revoked_at is null and (v_retries, v_starttime) > (seen.retries, seen.starttime) then
      update bees.processes as p
      set retries = v_retries, starttime = v_starttime, executor = v_executor
      where p.colony = v_colony and p.process = v_process;
    end if;

    -- 3. Done already: the stored output for everybody who asks for the same, however old the fence.
    select l.* into done
    from bees.ledger as l
    where l.colony = v_colony and l.process = v_process and l.step = v_step;

    if found then
      if (done.bee, done.task, done.input_digest) is distinct from (v_bee, v_task, v_input_digest) then
        return bees.execute_reply(call, 'input_mismatch');
      end if;
      return bees.execute_reply(call, 'replayed', done.id, done.output, done.committed_at);
    end if;

    -- 4. Not done, and the caller may not do it any more. Of two executors with one fence the first keeps it.
    if seen.revoked_at is not null then
      return bees.execute_reply(call, 'revoked');
    end if;
    if (v_retries, v_starttime) < (seen.retries, seen.starttime)
      or ((v_retries, v_starttime) = (seen.retries, seen.starttime) and v_executor <> seen.executor)
    then
      return bees.execute_reply(call, 'fenced');
    end if;
  end if;

  -- 5. Use up the envelope's nonce. Every assignment and step of one process comes with the same one.
  if call -> 'nonce' <> 'null' then
    insert into bees.nonces (kid, nonce, colony, process, expires_at)
    values (
      call #>> '{nonce,kid}', call #>> '{nonce,nonce}', v_colony, v_process,
      (call #>> '{nonce,expires_at}')::timestamptz
    )
    on conflict (kid, nonce) do nothing;

    if found then
      if random() < 1.0 / 64 then
        perform bees.forget_nonces(128);
      end if;
    else
      select n.colony || e'\x1f' || n.process into owner
      from bees.nonces as n
      where n.kid = call #>> '{nonce,kid}' and n.nonce = call #>> '{nonce,nonce}';

      if owner is distinct from v_colony || e'\x1f' || v_process then
        return bees.execute_reply(call, 'nonce_replayed');
      end if;
    end if;
  end if;

  -- 6. One effect for each business key: one caller at a time, and the next one sees what the last one committed.
  if v_key is not null then
    perform bees.lock_subject('key', v_colony, v_bee, v_task, v_key);

    select l.* into done
    from bees.ledger as l
    where l.colony = v_colony and l.bee = v_bee and l.task = v_task and l.key = v_key and l.step = v_step;

    if found then
      if done.input_digest <> v_input_digest then
        return bees.execute_reply(call, 'input_mismatch');
      end if;
      return bees.execute_reply(call, 'replayed', done.id, done.output, done.committed_at);
    end if;
  end if;

  -- 7. The work. A function that is not there yet (a deploy in progress) is an outcome, not an error.
  if to_regprocedure(
    format('bee_tasks.%I(pg_catalog.jsonb, pg_catalog.jsonb)', bees.task_function(v_bee, v_task))
  ) is null then
    return bees.execute_reply(call, 'unknown_task');
  end if;

  execute format('select bee_tasks.%I($1, $2)', bees.task_function(v_bee, v_task))
  into output
  using call -> 'payload', call;

  -- 8. The ledger row, in the same commit as the work.
  insert into bees.ledger as l (
    colony, process, step, bee, task, key, input_digest, schema_hash, executor, retries, starttime, output
  )
  values (
    v_colony, v_process, v_step, v_bee, v_task, v_key, v_input_digest, call ->> 'schema_hash', v_executor, v_retries,
    v_starttime, coalesce(output, 'null')
  )
  returning l.* into done;

  return bees.execute_reply(call, 'applied', done.id, done.output, done.committed_at);
end
$$;

call bees.seal('bees');
