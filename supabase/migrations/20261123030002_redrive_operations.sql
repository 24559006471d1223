-- The one exposed function learns the operations about dead letters and redrives. What it was created with is said again,
-- because a replaced function keeps its owner and its grants and nothing else.
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
