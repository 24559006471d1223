-- execute: one task, one transaction. Business outcomes (fenced, revoked, ...) are data, because they must survive
-- every gateway between here and the caller; only a call that is wrong in form and a task function that fails raise.

-- The task's function as a name inside bee_tasks. No two tasks may share one: hyphens are for bees alone, two
-- underscores in a row for us, and longer names, which Postgres would cut, are refused.
create function bees.task_function(bee text, task text)
returns text
language sql
immutable
return pg_catalog.replace(bee, '-', '_') || '__' || task;

create function bees.check_execute(call jsonb)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  fence constant jsonb := call -> 'fence';
  nonce constant jsonb := call -> 'nonce';
  problem text;
begin
  problem := case
    when bees.is_colony(call -> 'colony') is not true then 'colony: expected 1 to 255 printable characters'
    when bees.is_process(call -> 'process') is not true then 'process: expected 64 hex digits, or direct: and 64'
    when bees.is_executor(call -> 'executor') is not true then 'executor: expected 64 hex digits, or direct'
    when bees.is_integer(fence -> 'retries', 0, 2147483647) is not true then 'fence.retries: expected an integer from 0'
    when bees.is_timestamp(fence -> 'starttime') is not true then 'fence.starttime: expected an RFC 3339 time'
    when bees.is_text(call -> 'bee', '^[a-z][a-z0-9]*(-[a-z0-9]+)*$') is not true
      then 'bee: expected a name such as my-bee'
    when bees.is_text(call -> 'task', '^[a-z][a-z0-9]*(_[a-z0-9]+)*$') is not true
      then 'task: expected a name such as my_task'
    when octet_length(bees.task_function(call ->> 'bee', call ->> 'task')) > 63
      then 'bee and task: expected at most 61 characters together'
    when bees.is_integer(call -> 'step', 1, 10000) is not true then 'step: expected an integer from 1 to 10000'
    when not (call ? 'key') or (call -> 'key' <> 'null' and bees.is_string(call -> 'key', 512) is not true)
      then 'key: expected null or 1 to 512 characters'
    when bees.is_digest(call -> 'input_digest') is not true then 'input_digest: expected 64 hex digits'
    when bees.is_digest(call -> 'schema_hash') is not true then 'schema_hash: expected 64 hex digits'
    when not (call ? 'payload') then 'payload: expected a JSON value'
    when not (call ? 'nonce') then 'nonce: expected null or an object'
    when nonce = 'null' then null
    when bees.is_kid(nonce -> 'kid') is not true then 'nonce.kid: expected a key id'
    when bees.is_text(nonce -> 'nonce', '^[A-Za-z0-9_-]{16,128}$') is not true
      then 'nonce.nonce: expected 16 to 128 characters of base64url'
    when bees.is_timestamp(nonce -> 'expires_at') is not true then 'nonce.expires_at: expected an RFC 3339 time'
  end;
  if problem is not null then
    perform bees.refuse_call(problem);
  end if;
end
$$;

create function bees.execute_reply(
  call jsonb,
  outcome text,
  ledger_id bigint default null,
  output jsonb default null,
  committed_at timestamptz default null
)
returns jsonb
language sql
stable
return pg_catalog.jsonb_build_object(
  'v', 1,
  'outcome', outcome,
  'process', call -> 'process',
  'step', call -> 'step',
  'ledger_id', ledger_id::text,
  'output', output,
  'committed_at', bees.rfc3339(committed_at)
);

-- Forgets envelopes that are refused as expired in any case; the day is for hives whose clock is wrong. Bounded, so
-- that no call pays for a backlog.
create function bees.forget_nonces(most integer)
returns void
language sql
volatile
begin atomic
  delete from bees.nonces
  where (kid, nonce) in (
    select kid, nonce
    from bees.nonces
    where expires_at < now() - interval '1 day'
    order by expires_at
    limit most
    for update skip locked
  );
end;

create function bees.op_execute(call jsonb)
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

    -- 2. Done already: the stored output for everybody who asks for the same, however old the fence.
    select l.* into done
    from bees.ledger as l
    where l.colony = v_colony and l.process = v_process and l.step = v_step;

    if found then
      if (done.bee, done.task, done.input_digest) is distinct from (v_bee, v_task, v_input_digest) then
        return bees.execute_reply(call, 'input_mismatch');
      end if;
      return bees.execute_reply(call, 'replayed', done.id, done.output, done.committed_at);
    end if;

    -- 3. Not done, and the caller may not do it any more. Of two executors with one fence the first keeps it.
    if seen.revoked_at is not null then
      return bees.execute_reply(call, 'revoked');
    end if;
    if (v_retries, v_starttime) < (seen.retries, seen.starttime)
      or ((v_retries, v_starttime) = (seen.retries, seen.starttime) and v_executor <> seen.executor)
    then
      return bees.execute_reply(call, 'fenced');
    end if;
    if (v_retries, v_starttime) > (seen.retries, seen.starttime) then
      update bees.processes as p
      set retries = v_retries, starttime = v_starttime, executor = v_executor
      where p.colony = v_colony and p.process = v_process;
    end if;
  end if;

  -- 4. Use up the envelope's nonce. Every assignment and step of one process comes with the same one.
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

  -- 5. One effect for each business key: one caller at a time, and the next one sees what the last one committed.
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

  -- 6. The work. A function that is not there yet (a deploy in progress) is an outcome, not an error.
  if to_regprocedure(
    format('bee_tasks.%I(pg_catalog.jsonb, pg_catalog.jsonb)', bees.task_function(v_bee, v_task))
  ) is null then
    return bees.execute_reply(call, 'unknown_task');
  end if;

  execute format('select bee_tasks.%I($1, $2)', bees.task_function(v_bee, v_task))
  into output
  using call -> 'payload', call;

  -- 7. The ledger row, in the same commit as the work.
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
