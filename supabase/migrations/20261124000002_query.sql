-- query: a look at the database from inside a task. It calls bee_tasks.<bee>__<task>__read in a transaction that cannot
-- write, so nothing has to be recorded, fenced or used up: a repeat is another look. Whatever a handler concludes from it is
-- checked where it is written, in the task's own transaction.

create function bees.op_query(call jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_function constant text := bees.task_function(call ->> 'bee', call ->> 'task') || '__read';
  reply constant jsonb := jsonb_build_object('v', 1, 'process', call ->> 'process');
  output jsonb;
begin
  perform bees.check_query(call);

  -- From here on Postgres refuses every write of this transaction (25006). The value cannot be set back.
  perform set_config('transaction_read_only', 'on', true);

  if to_regprocedure(format('bee_tasks.%I(pg_catalog.jsonb, pg_catalog.jsonb)', v_function)) is null then
    return reply || '{"outcome": "unknown_task"}';
  end if;

  execute format('select bee_tasks.%I($1, $2)', v_function)
  into output
  using call -> 'payload', call;

  return reply || jsonb_build_object('outcome', 'queried', 'output', coalesce(output, 'null'));
end
$$;

create function bees.check_query(call jsonb)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  problem constant text := case
    when bees.is_colony(call -> 'colony') is not true then 'colony: expected 1 to 255 printable characters'
    when bees.is_process(call -> 'process') is not true then 'process: expected 64 hex digits, or direct: and 64'
    when bees.is_text(call -> 'bee', '^[a-z][a-z0-9]*(-[a-z0-9]+)*$') is not true
      then 'bee: expected lower-case letters, digits and single hyphens'
    when bees.is_text(call -> 'task', '^[a-z][a-z0-9]*(_[a-z0-9]+)*$') is not true
      then 'task: expected lower-case letters, digits and single underscores'
    when octet_length(bees.task_function(call ->> 'bee', call ->> 'task')) > 57
      then 'bee and task: expected at most 55 characters together'
    when not (call ? 'payload') then 'payload: expected a JSON value'
  end;
begin
  if problem is not null then
    perform bees.refuse_call(problem);
  end if;
end
$$;

call bees.seal('bees');

-- What bee_execute was created with is said again, because a replaced function keeps its owner and its grants and nothing
-- else.
create or replace function public.bee_execute(call jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '1500ms'
set statement_timeout = '3s'
set default_transaction_isolation = 'read committed'
as $$
begin
  if jsonb_typeof(call) is distinct from 'object' or call -> 'v' is distinct from '1' then
    perform bees.refuse_call('v: expected an object with v = 1');
  end if;

  case call ->> 'op'
    when 'execute' then return bees.op_execute(call);
    when 'query' then return bees.op_query(call);
    when 'store_receipts' then return bees.op_store_receipts(call);
    when 'receipt_head' then return bees.op_receipt_head(call);
    when 'revoke' then return bees.op_revoke(call);
    when 'publish_key' then return bees.op_publish_key(call);
    when 'keys' then return bees.op_keys();
    when 'read' then return bees.op_read(call);
    when 'dead_letter' then return bees.op_dead_letter(call);
    when 'dead_letters' then return bees.op_dead_letters(call);
    when 'dead_letter_read' then return bees.op_dead_letter_read(call);
    when 'record_redrive' then return bees.op_record_redrive(call);
    when 'redrives' then return bees.op_redrives(call);
    else
      perform bees.refuse_call('op: expected one of the documented operations');
      return null;
  end case;
end
$$;

-- PostgREST learns of a changed function only when it is told.
notify pgrst, 'reload schema';
