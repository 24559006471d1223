-- revoke: after this, no transaction of the process commits that has not committed yet. It waits for one in flight;
-- steps that are done stay done and are still answered. The first reason stays.
create function bees.op_revoke(call jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  revoked bees.processes;
begin
  if bees.is_colony(call -> 'colony') is not true then
    perform bees.refuse_call('colony: expected 1 to 255 printable characters');
  end if;
  if bees.is_process(call -> 'process') is not true then
    perform bees.refuse_call('process: expected 64 hex digits, or direct: and 64');
  end if;
  if bees.is_string(call -> 'reason', 1000) is not true then
    perform bees.refuse_call('reason: expected 1 to 1000 characters');
  end if;

  insert into bees.processes as p (colony, process, retries, starttime, executor, revoked_at, revoke_reason)
  values (call ->> 'colony', call ->> 'process', -1, '-infinity', '', clock_timestamp(), call ->> 'reason')
  on conflict (colony, process) do update
  set
    -- Not the time of the insert, which is from before the wait.
    revoked_at = coalesce(p.revoked_at, clock_timestamp()),
    revoke_reason = coalesce(p.revoke_reason, excluded.revoke_reason)
  returning p.* into revoked;

  return jsonb_build_object(
    'v', 1, 'outcome', 'revoked', 'process', revoked.process, 'revoked_at', bees.rfc3339(revoked.revoked_at)
  );
end
$$;
