-- The one exposed function.
--
-- security definer: its callers may touch nothing but this function. The settings: built-in names are looked up in
-- pg_catalog before anything else (with an empty search_path a caller's temporary table, named like a type, would come
-- first), all others are qualified; a lock is waited for 1.5 s; a statement may take 3 s (PostgREST applies the
-- function's limit and isolation before it begins); the caller waits 4 s, so that the database gives up first and the
-- outcome is known.
create function public.bee_execute(call jsonb)
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
    else
      perform bees.refuse_call('op: expected one of the documented operations');
      return null;
  end case;
end
$$;

comment on function public.bee_execute(jsonb) is
  'Runs one operation of the ledger in one transaction. Executable by service_role and bee only.';
